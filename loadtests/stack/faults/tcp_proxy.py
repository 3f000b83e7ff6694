"""A small TCP proxy that stands for the network between a program and its server."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Self


class TcpProxy:
    """Forwards connections to a port of this machine until it is told to do worse.

    Args:
        port: The server's port.
        delay_seconds: How long the proxy keeps what it forwards, in each direction.

    Attributes:
        port: Where it listens; 0 before it is entered.
    """

    def __init__(self, port: int, *, delay_seconds: float = 0.0) -> None:
        self.port = 0
        self._target = port
        self._delay_seconds = delay_seconds
        self._silent = False
        self._cut = False
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        """Listen on a free port, which `port` names from then on."""
        self._thread.start()
        self._call(self._listen)
        return self

    def __exit__(self, *_: object) -> None:
        """Reset every connection and listen no more."""
        self.cut()
        if self._server is not None:
            self._call(self._server.close)
        self._call(lambda: asyncio.sleep(0.05))  # For the connections to end.
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def swallow(self) -> None:
        """Accept connections and bytes, and never answer; such a connection stays silent."""
        self._silent = True

    def delay(self, seconds: float) -> None:
        """Keep what is forwarded for some seconds, in each direction."""
        self._delay_seconds = seconds

    def cut(self) -> None:
        """Reset every connection, and every new one."""
        self._cut = True
        self._call(self._reset)

    def heal(self, port: int | None = None) -> None:
        """Forward new connections again, to another port when one is given."""
        self._target = port or self._target
        self._silent = self._cut = False
        self._delay_seconds = 0.0

    def _call(self, run: Callable[[], object]) -> None:
        async def call() -> None:
            result = run()
            if asyncio.iscoroutine(result):
                await result

        asyncio.run_coroutine_threadsafe(call(), self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]

    def _reset(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            with contextlib.suppress(OSError):
                if self._cut:
                    writer.transport.abort()
                elif self._silent:
                    while await reader.read(65_536):
                        pass
                else:
                    await self._forward(reader, writer)
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._target)
        answers = asyncio.create_task(self._pump(server_reader, writer))
        answers.add_done_callback(lambda _: writer.close())
        try:
            await self._pump(reader, server_writer)
        finally:
            server_writer.close()
            await asyncio.wait([answers])

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lost = False
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                await asyncio.sleep(self._delay_seconds)
                lost = lost or self._silent
                if not lost:
                    writer.write(data)
                    await writer.drain()

"""A TCP proxy in front of the database that can hold chosen answers.

It holds the answer to a SELECT that the database has executed: the row has been read, but the
service has not received it yet.
"""

import asyncio
import contextlib
import re
import threading
from collections.abc import Coroutine
from typing import Any, Self, TypeVar

Value = TypeVar("Value")

_SELECT = re.compile(rb"SELECT fruit\.id.*\sWHERE fruit\.id = (\d+)", re.DOTALL)


class Hold:
    """The next load of one fruit; `taken` is set when its row was read, `release` passes it on."""

    def __init__(self) -> None:
        self.taken = asyncio.Event()
        self._released = asyncio.Event()

    async def wait_until_taken(self, within_seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.taken.wait(), within_seconds)
        return self.taken.is_set()

    def release(self) -> None:
        self._released.set()

    async def wait_for_release(self) -> None:
        self.taken.set()
        await self._released.wait()


class Gate:
    """Listens on `port` and forwards to a database, on a separate thread."""

    def __init__(self, database_port: int) -> None:
        self.port = 0
        self._database_port = database_port
        self._holds: dict[int, Hold] = {}
        self._loop = asyncio.new_event_loop()
        self._pumps: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self.run(asyncio.start_server(self._accept, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, Value]) -> Value:
        """Run a coroutine on the gate's event loop, the only one that may use holds, and wait."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def hold(self, fruit_id: int) -> Hold:
        """Hold the answer to the next load of a fruit, but not to later ones."""
        hold = self._holds[fruit_id] = Hold()
        return hold

    def forget(self, fruit_id: int) -> None:
        """Release the hold of a fruit, if there is one."""
        hold = self._holds.pop(fruit_id, None)
        if hold is not None:
            hold.release()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        under_way: list[Hold] = []
        database = await asyncio.open_connection("127.0.0.1", self._database_port)
        self._writers |= {writer, database[1]}
        self._pump(self._forward_requests(reader, database[1], under_way))
        self._pump(self._forward_answers(database[0], writer, under_way))

    def _pump(self, work: Coroutine[Any, Any, None]) -> None:
        pump = asyncio.create_task(work)
        self._pumps.add(pump)
        pump.add_done_callback(self._pumps.discard)

    async def _forward_requests(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, under_way: list[Hold]
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                asked = _SELECT.search(data)
                hold = self._holds.pop(int(asked[1]), None) if asked else None
                if hold is not None:
                    under_way.append(hold)
                writer.write(data)
        writer.close()

    async def _forward_answers(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, under_way: list[Hold]
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                while under_way:
                    await under_way.pop().wait_for_release()
                writer.write(data)
        writer.close()

    async def _close(self) -> None:
        self._server.close()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        for writer in self._writers:
            writer.close()
        await asyncio.gather(
            *(writer.wait_closed() for writer in self._writers), return_exceptions=True
        )

"""A gate before the database: it lets everything through, and holds the answers it is told to.

What is held is the answer to a SELECT that the database has carried out: the row is read, and
the service does not have it yet.
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
    """The next load of one fruit: `taken` when its row was read, let go by `release`."""

    def __init__(self) -> None:
        self.taken = asyncio.Event()
        self._released = asyncio.Event()

    async def was_taken(self, within_seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.taken.wait(), within_seconds)
        return self.taken.is_set()

    def release(self) -> None:
        self._released.set()

    async def stand(self) -> None:
        self.taken.set()
        await self._released.wait()


class Gate:
    """Listens on `port` and passes on to a database; runs on a thread of its own."""

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
        self._server = self.run(asyncio.start_server(self._enter, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, Value]) -> Value:
        """Run something on the gate's loop, where holds are to be used, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def hold(self, fruit_id: int) -> Hold:
        """Hold the answer to the next load of a fruit, and of no later one."""
        hold = self._holds[fruit_id] = Hold()
        return hold

    def forget(self, fruit_id: int) -> None:
        """Hold nothing of a fruit any more."""
        hold = self._holds.pop(fruit_id, None)
        if hold is not None:
            hold.release()

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        under_way: list[Hold] = []
        database = await asyncio.open_connection("127.0.0.1", self._database_port)
        self._writers |= {writer, database[1]}
        self._pump(self._ask(reader, database[1], under_way))
        self._pump(self._answer(database[0], writer, under_way))

    def _pump(self, work: Coroutine[Any, Any, None]) -> None:
        pump = asyncio.create_task(work)
        self._pumps.add(pump)
        pump.add_done_callback(self._pumps.discard)

    async def _ask(
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

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, under_way: list[Hold]
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                while under_way:
                    await under_way.pop().stand()
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

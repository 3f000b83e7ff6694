"""The same traffic for every fault: lookups and writes at a steady rate, each answer judged."""

import asyncio
import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

from tests.drills.http_client import Answer, Client

WARM = range(1, 201)
WRITTEN = range(1001, 1021)
PROBED = 1031
FIRST_COLD = 2000
RATE = 100.0
"""Requests a second. Of ten, seven look up warm ids, one a cold, one a written id; one writes."""


@dataclass
class Written:
    """One fruit whose quantity grows with every write, so that an old row shows.

    Attributes:
        attempted: The newest quantity that was sent.
        acknowledged: The newest quantity whose write was answered with 200.
        invalidated: The newest quantity of which no lookup that began later may be older.
    """

    attempted: int = 0
    acknowledged: int = 0
    invalidated: int = 0


@dataclass
class Traffic:
    """Sends while the block runs, and waits for all answers at its end.

    Args:
        urls: Services, used in turn.
        cold: Ids that were never looked up.
        first_quantity: The quantity of the first writes, above that of all earlier ones.

    Attributes:
        hits: Answers to lookups of ids that were cached before.
        loads: Answers to lookups of ids that were never looked up.
        reads: Answers to lookups of written ids.
        writes: Answers to writes.
        stale: Lookups answered with an older row than a write acknowledged before them.
    """

    urls: list[str]
    cold: Iterator[int]
    first_quantity: int
    hits: list[Answer] = field(default_factory=list)
    loads: list[Answer] = field(default_factory=list)
    reads: list[Answer] = field(default_factory=list)
    writes: list[Answer] = field(default_factory=list)
    rows: dict[int, Written] = field(default_factory=dict)
    stale: int = 0

    def __enter__(self) -> Self:
        self.rows = {i: Written(self.first_quantity) for i in WRITTEN}
        self._stopped = threading.Event()
        self._busy: set[int] = set()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    @property
    def lookups(self) -> list[Answer]:
        return [*self.hits, *self.loads, *self.reads]

    def results(self, since: float, until: float) -> Counter[str]:
        """Count the lookups that began between two times, by result."""
        return Counter(a.result for a in self.lookups if since <= a.intended < until)

    async def _run(self) -> None:
        under_way: set[asyncio.Task[None]] = set()
        urls = itertools.cycle(self.urls)
        warm, written = itertools.cycle(WARM), itertools.cycle(WRITTEN)
        async with Client() as client:
            began = time.monotonic()
            for number in itertools.count():
                due = began + number / RATE
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                if self._stopped.is_set():
                    break
                url = next(urls) if number % 10 else self.urls[number // 10 % len(self.urls)]
                match number % 10:
                    case 0:
                        sending = self._write(client, url, next(written))
                    case 3:
                        sending = self._look_up(client, url, next(self.cold), due, self.loads)
                    case 7:
                        sending = self._read(client, url, next(written), due)
                    case _:
                        sending = self._look_up(client, url, next(warm), due, self.hits)
                task = asyncio.create_task(sending)
                under_way.add(task)
                task.add_done_callback(under_way.discard)
            await asyncio.gather(*under_way)

    async def _look_up(
        self, client: Client, url: str, fruit_id: int, due: float, into: list[Answer]
    ) -> None:
        into.append(await client.look_up(url, fruit_id, intended=due))

    async def _read(self, client: Client, url: str, fruit_id: int, due: float) -> None:
        row = self.rows[fruit_id]
        floor = row.invalidated
        answer = await client.look_up(url, fruit_id, intended=due)
        self.reads.append(answer)
        self.stale += answer.quantity is not None and answer.quantity < floor

    async def _write(self, client: Client, url: str, fruit_id: int) -> None:
        """Write the next quantity, unless the one before is still under way."""
        if fruit_id in self._busy:
            return
        self._busy.add(fruit_id)
        row = self.rows[fruit_id]
        row.attempted += 1
        quantity = row.attempted
        answer = await client.write(url, fruit_id, quantity)
        self.writes.append(answer)
        if answer.status in {200, 201}:
            row.acknowledged = quantity
        if answer.cache_status.endswith("invalidated"):
            row.invalidated = quantity
        self._busy.discard(fruit_id)

"""A few hot fruit, written repeatedly while many readers check that versions never go back."""

import asyncio
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.drills.http_client import Answer, Client

READERS = 3
# Every version divisible by this deletes the fruit; the next one creates it again.
DELETED_EVERY = 5


@dataclass
class HammerResult:
    """The outcome of one hammering.

    Attributes:
        writes: Acknowledged writes.
        pending: Writes that reported a pending invalidation.
        reads: Answered lookups.
        stale: Lookups answered with a version older than one acknowledged before they started.
        impossible: Lookups answered with a version that was not written yet.
        lookups: All answers of lookups.
    """

    writes: int = 0
    pending: int = 0
    reads: int = 0
    stale: int = 0
    impossible: int = 0
    lookups: list[Answer] = field(default_factory=list)


class HotFruit:
    """One fruit whose quantity is its version."""

    def __init__(self, fruit_id: int) -> None:
        self.fruit_id = fruit_id
        self.attempted = 0
        self.acknowledged = 0

    def next_quantity(self) -> int | None:
        """Return the next version to write; None deletes the fruit."""
        self.attempted += 1
        return self.attempted if self.attempted % DELETED_EVERY else None

    def version(self, answer: Answer) -> int:
        """Return the newest version that the answer can represent."""
        if answer.quantity is not None:
            return answer.quantity
        return self.attempted - self.attempted % DELETED_EVERY


def hammer(urls: list[str], ids: range, writes: int, reads: int = 0) -> HammerResult:
    """Write each fruit again and again, with one writer per fruit that uses all processes.

    Args:
        urls: The processes.
        ids: The fruit.
        writes: How often each is written at least.
        reads: How many lookups must be answered in all before the writers stop.
    """
    return asyncio.run(_hammer(urls, ids, writes, reads))


async def _hammer(urls: list[str], ids: range, writes: int, reads: int) -> HammerResult:
    hammered = HammerResult()

    def enough(written: int) -> bool:
        return written >= writes and hammered.reads >= reads

    async with Client() as client:
        await asyncio.gather(
            *(_hammer_one(hammered, client, urls, HotFruit(i), enough) for i in ids)
        )
        hammered.lookups = client.lookups
    return hammered


async def _hammer_one(
    hammered: HammerResult,
    client: Client,
    urls: list[str],
    fruit: HotFruit,
    enough: Callable[[int], bool],
) -> None:
    draw = random.Random(fruit.fruit_id)
    await client.write(urls[0], fruit.fruit_id, 0)
    written = asyncio.Event()

    async def read() -> None:
        while not written.is_set():
            known = fruit.acknowledged
            answer = await client.look_up(draw.choice(urls), fruit.fruit_id)
            if answer.status in {200, 404}:
                hammered.reads += 1
                hammered.stale += fruit.version(answer) < known
                hammered.impossible += fruit.version(answer) > fruit.attempted

    reading = [asyncio.create_task(read()) for _ in range(READERS)]
    for number in itertools.count():
        if enough(number):
            break
        answer = await client.write(draw.choice(urls), fruit.fruit_id, fruit.next_quantity())
        if answer.cache_status.endswith("invalidated"):
            fruit.acknowledged = fruit.attempted
        hammered.writes += answer.status in {200, 201, 204}
        hammered.pending += "pending" in answer.cache_status
        await asyncio.sleep(draw.expovariate(1 / 0.02))
    written.set()
    await asyncio.gather(*reading)

"""A few hot fruit, written over and over while many read them: what is read never goes back."""

import asyncio
import random
from dataclasses import dataclass, field

from tests.drills.http_client import Answer, Client

READERS = 3
# Every so many versions the fruit is deleted, and then created again.
DELETED_EVERY = 5


@dataclass
class Hammered:
    """What came of it.

    Attributes:
        writes: Acknowledged writes.
        pending: Writes that said that their invalidation has yet to be done.
        reads: Lookups that were answered.
        stale: Lookups answered with a version older than one acknowledged before they began.
        impossible: Lookups answered with a version that nobody wrote yet.
    """

    writes: int = 0
    pending: int = 0
    reads: int = 0
    stale: int = 0
    impossible: int = 0
    lookups: list[Answer] = field(default_factory=list)


class HotFruit:
    """One fruit whose quantity is its version, as its writer and its readers see it."""

    def __init__(self, fruit_id: int) -> None:
        self.fruit_id = fruit_id
        self.attempted = 0
        self.acknowledged = 0

    def next_quantity(self) -> int | None:
        """The next version; None deletes the fruit."""
        self.attempted += 1
        return self.attempted if self.attempted % DELETED_EVERY else None

    def version(self, answer: Answer) -> int:
        """The newest version that the answer can stand for."""
        if answer.quantity is not None:
            return answer.quantity
        return self.attempted - self.attempted % DELETED_EVERY


def hammer(urls: list[str], ids: range, writes: int) -> Hammered:
    """Write each fruit so many times, by one writer each over all processes."""
    return asyncio.run(_hammer(urls, ids, writes))


async def _hammer(urls: list[str], ids: range, writes: int) -> Hammered:
    hammered = Hammered()
    async with Client() as client:
        await asyncio.gather(
            *(_hammer_one(hammered, client, urls, HotFruit(i), writes) for i in ids)
        )
        hammered.lookups = client.lookups
    return hammered


async def _hammer_one(
    hammered: Hammered,
    client: Client,
    urls: list[str],
    fruit: HotFruit,
    writes: int,
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
    for _ in range(writes):
        answer = await client.write(draw.choice(urls), fruit.fruit_id, fruit.next_quantity())
        if answer.cache_status.endswith("invalidated"):
            fruit.acknowledged = fruit.attempted
        hammered.writes += answer.status in {200, 201, 204}
        hammered.pending += "pending" in answer.cache_status
        await asyncio.sleep(draw.expovariate(1 / 0.02))
    written.set()
    await asyncio.gather(*reading)

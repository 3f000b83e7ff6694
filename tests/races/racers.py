"""Interleavings of a reader, a writer and later readers, on several service processes.

In each one a load is held between its SELECT and its fill, and a write is acknowledged meanwhile.
Lookups that start after the acknowledgement show whether the old row is still served.
"""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.drills.http_client import Answer, Client
from tests.races.gate import Gate, Hold

# A quantity that no row of the catalogue has.
NEW = 777_777
PARALLEL = 20
KINDS = ("replace", "replace", "delete", "create")
# A load must be held for less than the service's read timeout.
LONGEST_HOLD_SECONDS = 0.08
TAKEN_WITHIN_SECONDS = 2.0
REFRESH_TRIES = 8


@dataclass
class Race:
    """The outcome of many interleavings.

    Attributes:
        held: Interleavings in which the write was acknowledged while a load was held.
        stale: Interleavings after which the old row was served.
        pending: Interleavings whose write reported a pending invalidation.
        missed: Interleavings in which no load that fills could be held.
        reads_after: Lookups that started after an acknowledgement.
        failed: Failed requests, by reason.
        examples: Descriptions of the stale answers.
    """

    held: int = 0
    stale: int = 0
    pending: int = 0
    missed: int = 0
    reads_after: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)


@dataclass
class Racers:
    """Runs interleavings, each on a different fruit, until enough were held.

    Attributes:
        gate: Stands between the services and their database.
        urls: The service processes.
        existing: Ids that the store has.
        missing: Ids that the store does not have.
        soft_ttl_seconds: None holds the load of a cold fruit; otherwise the refresh of an entry
            of this age is held.
        seed: Seed of all random choices.
    """

    gate: Gate
    urls: list[str]
    existing: Iterator[int]
    missing: Iterator[int]
    soft_ttl_seconds: float | None = None
    seed: int = 1

    def run(self, wanted: int) -> tuple[Race, list[Answer]]:
        """Run until `wanted` interleavings were held, or three times as many were tried."""
        return self.gate.run(self._run(wanted))

    async def _run(self, wanted: int) -> tuple[Race, list[Answer]]:
        race, numbers = Race(), itertools.count()

        async def work() -> None:
            while race.held < wanted and (number := next(numbers)) < 3 * wanted:
                await self._interleave(race, client, random.Random(f"{self.seed}:{number}"))

        async with Client() as client:
            await asyncio.gather(*(work() for _ in range(PARALLEL)))
        return race, client.lookups

    async def _interleave(self, race: Race, client: Client, draw: random.Random) -> None:
        kind = "replace" if self.soft_ttl_seconds else draw.choice(KINDS)
        fruit_id = next(self.missing if kind == "create" else self.existing)
        reader, writer = draw.choice(self.urls), draw.choice(self.urls)
        if self.soft_ttl_seconds:
            await client.look_up(reader, fruit_id)
            await asyncio.sleep(self.soft_ttl_seconds)
        hold = self.gate.hold(fruit_id)
        asking = asyncio.create_task(self._load(client, reader, fruit_id, hold))
        taken = await hold.wait_until_taken(TAKEN_WITHIN_SECONDS)
        written = await client.write(writer, fruit_id, None if kind == "delete" else NEW)
        after_it = await self._look_up_after(client, fruit_id, hold, draw)
        first = await asking
        self.gate.forget(fruit_id)
        if self.soft_ttl_seconds:
            # No answer shows when the refresh has filled, so wait long enough for it.
            await asyncio.sleep(2 * LONGEST_HOLD_SECONDS)
        after_it += await self._look_up_on_all(client, fruit_id)
        held = taken and (first.result == "miss" or bool(self.soft_ttl_seconds))
        self._judge(race, [first, written], after_it, None if kind == "delete" else NEW, held=held)

    async def _load(self, client: Client, url: str, fruit_id: int, hold: Hold) -> Answer:
        """Look up a fruit; repeat until a refresh is held, if one is to be held."""
        answer = await client.look_up(url, fruit_id)
        if self.soft_ttl_seconds:
            for _ in range(REFRESH_TRIES):
                if await hold.wait_until_taken(self.soft_ttl_seconds / REFRESH_TRIES):
                    break
                answer = await client.look_up(url, fruit_id)
        return answer

    async def _look_up_after(
        self, client: Client, fruit_id: int, hold: Hold, draw: random.Random
    ) -> list[Answer]:
        """Release the held load before, during or after the lookups that follow the write."""
        if draw.random() < 1 / 3:
            hold.release()
        looking = asyncio.create_task(self._look_up_on_all(client, fruit_id))
        await asyncio.wait([looking], timeout=draw.uniform(0, LONGEST_HOLD_SECONDS))
        hold.release()
        return await looking

    async def _look_up_on_all(self, client: Client, fruit_id: int) -> list[Answer]:
        return await asyncio.gather(*(client.look_up(url, fruit_id) for url in self.urls))

    @staticmethod
    def _judge(
        race: Race, others: list[Answer], after_it: list[Answer], wanted: int | None, *, held: bool
    ) -> None:
        for answer in (*others, *after_it):
            if answer.status not in {200, 201, 204, 404}:
                race.failed[f"{answer.status} {answer.error or answer.body.decode()}"] += 1
                return
        if "invalidation-pending" in others[-1].cache_status:
            race.pending += 1
            return
        race.held += held
        race.missed += not held
        race.reads_after += len(after_it)
        old = [answer for answer in after_it if answer.quantity != wanted]
        if old:
            race.stale += 1
            shown = [f"{answer.url} {answer.cache_status}" for answer in old]
            race.examples.append(f"{old[0].path} must be {wanted}: {shown}")

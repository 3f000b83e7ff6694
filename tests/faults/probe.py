"""Asks every service at once whether all is well: hits, fills, invalidations, readiness."""

import asyncio
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tests.drills.http_client import Answer, Client
from tests.faults.traffic import PROBED, WARM

EVERY_SECONDS = 0.05
WARM_ROUNDS = 100


@dataclass
class Probe:
    """A client beside the traffic, with fruit of its own.

    Args:
        urls: The services.
        cold: Ids that were never looked up.

    Attributes:
        answers: Every answer.
        lookups: Those of lookups.
    """

    urls: list[str]
    cold: Iterator[int]
    answers: list[Answer] = field(default_factory=list)
    lookups: list[Answer] = field(default_factory=list)

    def warm(self, ids: Iterable[int]) -> None:
        """Look up ids on one service until each is a hit; raise AssertionError if one stays none.

        A lookup that fills the cache may fail to store its row.
        """
        others = list(ids)
        for _ in range(WARM_ROUNDS):
            others = asyncio.run(self._not_hit(others))
            if not others:
                return
            time.sleep(EVERY_SECONDS)
        raise AssertionError(
            f"after {WARM_ROUNDS} lookups of each, these ids are no hits: {others}"
        )

    async def _not_hit(self, ids: list[int]) -> list[int]:
        """Look up ids on one service, and return those that were no hits."""
        async with Client() as client:
            answers = [await client.look_up(self.urls[0], fruit_id) for fruit_id in ids]
        for answer in answers:
            self._keep(answer)
        return [
            fruit_id
            for fruit_id, answer in zip(ids, answers, strict=True)
            if answer.result != "hit"
        ]

    def on_all(self, fruit_id: int) -> list[Answer]:
        """Look up an id on every service."""

        async def look_up_on_all() -> list[Answer]:
            async with Client() as client:
                return [await client.look_up(url, fruit_id) for url in self.urls]

        answers = asyncio.run(look_up_on_all())
        for answer in answers:
            self._keep(answer)
        return answers

    def wait_until_well(self, since: float, limit_seconds: float) -> float | None:
        """Return seconds since a time until all was well; None when it was not in time."""
        while time.monotonic() < since + limit_seconds:
            began = time.monotonic()
            if asyncio.run(self._is_well()):
                return time.monotonic() - since
            time.sleep(max(0.0, began + EVERY_SECONDS - time.monotonic()))
        return None

    async def _is_well(self) -> bool:
        async with Client(timeout_seconds=5) as client:
            rounds = [await self._is_well_at(client, url) for url in self.urls]
        return all(rounds)

    async def _is_well_at(self, client: Client, url: str) -> bool:
        """Return whether a process is ready, hits a cached id, fills and invalidates."""
        ready = await client.request(url, "GET", "/readyz")
        hit = await client.look_up(url, WARM[0])
        filled = await client.look_up(url, next(self.cold))
        written = await client.write(url, PROBED, 1)
        self.answers += [ready, written]
        for answer in (hit, filled):
            self._keep(answer)
        return (
            ready.status == 200
            and hit.result == "hit"
            and filled.cache_status.endswith("stored")
            and written.cache_status.endswith("invalidated")
        )

    def _keep(self, answer: Answer) -> None:
        self.answers.append(answer)
        self.lookups.append(answer)

"""Open-loop lookups from a separate thread, at a steady rate whatever the service does."""

import asyncio
import itertools
import threading
import time
from collections.abc import Iterator
from typing import Self

from tests.drills.http_client import Answer, Client


class SteadyLoad:
    """Looks up ids at a steady rate while the block runs, and waits for all answers at its end.

    Args:
        urls: Services, used in turn.
        ids: The ids to look up, in this order.
        rate: Lookups per second.
    """

    def __init__(self, urls: list[str], ids: Iterator[int], rate: float = 300.0) -> None:
        self.answers: list[Answer] = []
        self._urls = itertools.cycle(urls)
        self._ids = ids
        self._rate = rate
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop sending, and wait for the answers still outstanding."""
        self._stopped.set()
        self._thread.join()

    def between(self, first: float, last: float) -> list[Answer]:
        """Return the lookups intended to start between two times of `time.monotonic()`."""
        return [answer for answer in self.answers if first <= answer.intended < last]

    async def _run(self) -> None:
        under_way: set[asyncio.Task[Answer]] = set()
        async with Client() as client:
            self.answers = client.lookups
            began = time.monotonic()
            for number in itertools.count():
                due = began + number / self._rate
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                if self._stopped.is_set():
                    break
                asking = asyncio.create_task(
                    client.look_up(next(self._urls), next(self._ids), intended=due)
                )
                under_way.add(asking)
                asking.add_done_callback(under_way.discard)
            await asyncio.gather(*under_way)


def quantile_ms(answers: list[Answer], share: float) -> float:
    """Return the response time, in ms, that this share of the answers does not exceed."""
    ordered = sorted(answer.seconds for answer in answers)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]

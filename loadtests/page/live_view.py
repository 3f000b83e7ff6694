"""What is going on right now, for the web page and /metrics: looked at once a second."""

import logging
import time
from collections import deque
from typing import Protocol, TypeVar

import gevent

from loadtests.page.snapshot import THEORY_TTLS, View
from loadtests.prediction.steady_state import predicted_hit_ratio
from loadtests.run.preparation import Preparation
from loadtests.sender.tallies import Tallies, merged
from loadtests.service_under_test.client import ServiceError
from loadtests.service_under_test.contract import count_cache_lookups, count_hits
from loadtests.workload.flags import FlagError

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
RECENT_SECONDS = 10.0
_SILENT_SECONDS = 3.0
_Timed = TypeVar("_Timed", bound=tuple[float, ...])


class LoadSource(Protocol):
    """A process's view of the run: its own, or at the master all workers'."""

    def tallies(self) -> Tallies:
        """Return what has been seen in the present or last run."""

    def workers(self) -> int:
        """Return how many worker processes there are; 0 in a single process."""


class LiveView:
    """Keeps a fresh `View`.

    Args:
        source: Whose tallies.
        preparation: Knows the service, its knobs and what is sent.
    """

    def __init__(self, source: LoadSource, preparation: Preparation) -> None:
        self._source = source
        self._preparation = preparation
        self._ratios: deque[tuple[float, int, int]] = deque()
        self._queries: deque[tuple[float, float]] = deque()
        self._theory: tuple[object, float | None, dict[float, float | None]] | None = None
        self._reset = Tallies()
        self.view = View()

    def start(self) -> None:
        """Look once a second from now on, whether the service answers or not."""
        gevent.spawn(self._ask_forever)
        gevent.spawn(self._look_forever)

    def begin(self, **_: object) -> None:
        """Show all of the run that begins."""
        self._reset = Tallies()

    def reset(self, **_: object) -> None:
        """Show from now on what comes after this, as Locust's own tables do."""
        self._reset = merged([self._source.tallies().packed()])
        self.look()

    def look(self) -> None:
        """Make a new view."""
        tallies = self._source.tallies()
        predicted, theory = self._predict()
        self.view = View(
            tallies=tallies,
            shown=tallies.since(self._reset),
            recent_hit_ratio=self._recent(tallies),
            predicted_hit_ratio=predicted,
            theory=theory,
            store_queries_per_second=self._store_rate(),
            fenced=self._preparation.fenced,
            workers=self._source.workers(),
        )

    def _look_forever(self) -> None:
        while True:
            self.look()
            gevent.sleep(LOOK_SECONDS)

    def _ask_forever(self) -> None:
        while True:
            self._ask_service()
            gevent.sleep(LOOK_SECONDS)

    def _ask_service(self) -> None:
        try:
            with self._preparation.client(self._preparation.settings_now()) as client:
                self._preparation.learn(client.knobs())
                counters = client.counters()
        except (FlagError, ServiceError) as error:
            logger.debug("the service was not read: %s", error)
            return
        self._queries.append((time.monotonic(), sum(counters.store_queries.values())))

    def _recent(self, tallies: Tallies) -> float | None:
        counts = tallies.results()
        hits, lookups = count_hits(counts), count_cache_lookups(counts)
        if self._ratios and lookups < self._ratios[-1][2]:
            self._ratios.clear()  # a new run
        self._ratios.append((time.monotonic(), hits, lookups))
        _forget(self._ratios)
        first, last = self._ratios[0], self._ratios[-1]
        since = last[2] - first[2]
        return (last[1] - first[1]) / since if since else None

    def _store_rate(self) -> float | None:
        _forget(self._queries)
        if len(self._queries) < 2:
            return None
        (began, first), (ended, last) = self._queries[0], self._queries[-1]
        if time.monotonic() - ended > _SILENT_SECONDS:
            return None  # the service does not answer
        return max(0.0, last - first) / (ended - began)

    def _predict(self) -> tuple[float | None, dict[float, float | None]]:
        traffic, knobs = self._preparation.traffic, self._preparation.knobs
        if traffic is None or "ttl_seconds" not in knobs:
            return None, {}
        known_for = (traffic, tuple(sorted(knobs.items())))
        if self._theory is None or self._theory[0] != known_for:
            curve: dict[float, float | None] = {}
            for ttl_seconds in THEORY_TTLS if traffic.reads is None else ():
                gevent.sleep(0)  # let arrivals that are due go first
                curve[ttl_seconds] = predicted_hit_ratio(
                    traffic, {**knobs, "ttl_seconds": ttl_seconds}
                )
            self._theory = (known_for, predicted_hit_ratio(traffic, knobs), curve)
        return self._theory[1], self._theory[2]


def _forget(history: deque[_Timed]) -> None:
    while len(history) > 2 and history[-1][0] - history[1][0] >= RECENT_SECONDS:
        history.popleft()

"""Keeps the view of a run fresh for the web page and /metrics: once a second."""

import logging
import time
from collections import deque
from dataclasses import dataclass
from typing import Protocol

import gevent

from loadtests.page.hit_ratio.recent_hit_ratio import RecentHitRatio, drop_old
from loadtests.page.snapshot import THEORY_TTLS, View
from loadtests.prediction.near_answers import predicted_near_ratio
from loadtests.prediction.steady_state import predicted_hit_ratio
from loadtests.run.ledger import Ledger
from loadtests.run.run_watch import repeat_forever
from loadtests.sender.tallies import Tallies, add_up
from loadtests.service_under_test.client import ServiceError
from loadtests.workload.flags import FlagError
from loadtests.workload.load_settings import LoadSettings

logger = logging.getLogger(__name__)

UPDATE_SECONDS = 1.0
_SILENT_SECONDS = 3.0


class LoadSource(Protocol):
    """What is known of a run: by its only process, or by the master of its workers."""

    def tallies(self) -> Tallies:
        """Return what was counted in the present or last run."""

    def workers(self) -> int:
        """Return the number of worker processes; 0 in a single process."""


@dataclass(frozen=True, slots=True)
class _Theory:
    """What is predicted for one traffic and its knobs, kept until they change."""

    known_for: object
    hit_ratio: float | None
    near_ratio: float | None
    curve: dict[float, float | None]


class LiveView:
    """Keeps a fresh `View`.

    Args:
        source: Counts the run.
        ledger: Knows the service, its knobs and the traffic of the run.
    """

    def __init__(self, source: LoadSource, ledger: Ledger) -> None:
        self._source = source
        self._ledger = ledger
        self._recent = RecentHitRatio()
        self._queries: deque[tuple[float, float]] = deque()  # (at, queries)
        self._theory: _Theory | None = None
        self._reset = Tallies()
        self.view = View()

    def start(self) -> None:
        """Update the view once a second from now on, whether the service answers or not."""
        gevent.spawn(repeat_forever, UPDATE_SECONDS, self._read_service)
        gevent.spawn(repeat_forever, UPDATE_SECONDS, self.update)

    def on_test_start(self, **_: object) -> None:
        """Show the whole of the run that begins."""
        self._reset = Tallies()

    def on_reset_stats(self, **_: object) -> None:
        """Show only what is counted from now on, as Locust's own tables do."""
        self._reset = add_up([self._source.tallies().to_message()])
        self.update()

    def update(self) -> None:
        """Make a new view."""
        tallies = self._source.tallies()
        theory = self._predict()
        self.view = View(
            tallies=tallies,
            shown=tallies.since(self._reset),
            parts=self._ledger.part_figures(tallies),
            replay=self._ledger.replay.update(),
            began_empty=self._ledger.began_empty,
            target_rate=self._ledger.target.rate(),
            target_arrivals=self._ledger.target.arrivals(),
            sent=self._ledger.target.sent(tallies),
            recent_hit_ratio=self._recent.after(tallies.results()),
            predicted_hit_ratio=theory.hit_ratio,
            predicted_near_ratio=theory.near_ratio,
            predicted_staleness=self._ledger.parts.predicted_staleness,
            theory=theory.curve,
            store_queries_per_second=self._store_queries_per_second(),
            fenced=self._ledger.fenced,
            workers=self._source.workers(),
            target=_target_of(self._ledger.settings),
            has_ended=self._ledger.elapsed is None,
            key_hit_ratio=self._ledger.key_reads.hit_ratio,
            keys_told_by=self._ledger.settings.keys_told_by if self._ledger.settings else "",
        )

    def _read_service(self) -> None:
        try:
            settings = self._ledger.settings_now()
            if settings.target is not None:  # Its queries of a store are not known.
                return
            with self._ledger.client(settings) as client:
                counters = client.counters()
        except (FlagError, ServiceError) as error:
            logger.debug("the service was not read: %s", error)
            return
        self._queries.append((time.monotonic(), sum(counters.store_queries.values())))

    def _store_queries_per_second(self) -> float | None:
        drop_old(self._queries)
        if len(self._queries) < 2:
            return None
        (began, first), (ended, last) = self._queries[0], self._queries[-1]
        if time.monotonic() - ended > _SILENT_SECONDS:
            return None  # The service no longer answers.
        return max(0.0, last - first) / (ended - began)

    def _predict(self) -> _Theory:
        traffic, knobs = self._ledger.sent.traffic, self._ledger.knobs
        if traffic is None or "ttl_seconds" not in knobs:
            return _Theory(None, None, None, {})
        known_for = (traffic, tuple(sorted(knobs.items())))
        if self._theory is None or self._theory.known_for != known_for:
            curve: dict[float, float | None] = {}
            for ttl_seconds in THEORY_TTLS if traffic.reads is None else ():
                gevent.sleep(0)  # Let arrivals that are due go first.
                curve[ttl_seconds] = predicted_hit_ratio(
                    traffic, {**knobs, "ttl_seconds": ttl_seconds}
                )
            self._theory = _Theory(
                known_for,
                predicted_hit_ratio(traffic, knobs),
                predicted_near_ratio(traffic, knobs),
                curve,
            )
        return self._theory


def _target_of(settings: LoadSettings | None) -> str:
    return settings.target.describe() if settings and settings.target else ""

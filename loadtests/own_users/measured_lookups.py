"""The lookups of the User classes of one's own locustfile: sent, counted and shown."""

import itertools
import logging
import time
from typing import Any

import gevent
from locust import User
from locust.env import Environment
from locust.event import Events
from locust.exception import StopUser
from locust.runners import MasterRunner, Runner, WorkerRunner
from locust.user.task import LOCUST_STATE_STOPPING
from locust.web import WebUI

from loadtests.own_users.lookup import LookUp, Lookup
from loadtests.own_users.lookup_stream import LookupStream
from loadtests.own_users.run_counts import RunCounts
from loadtests.own_users.run_view import closing_line, show
from loadtests.own_users.sending import Sending
from loadtests.page.access.foreign_pages import add_page_name_flag
from loadtests.run.typed_locust import (
    count_run_time_from_now,
    keep_fractions_of_milliseconds,
    keep_rows_small,
    listen,
)
from loadtests.sender.tallies import Tallies, add_up
from loadtests.workload.flags import FlagParser

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 30.0
"""Longest wait at the end of a run for lookups under way."""

_TICK_SECONDS = 0.5
_SEQUENCES_OF_A_WORKER = 1_000_000
_REPORT, _STOP, _STOPPED = "cacheaside_lookups", "cacheaside_stop", "cacheaside_stopped"
_POLL_SECONDS = 0.02


def _add_flags(parser: FlagParser, **_: object) -> None:
    add_page_name_flag(parser)


class MeasuredLookups:
    """Sends the lookups of any User classes, counts them by result, and shows them as they go.

    Make one where the locustfile is imported. Locust's rows then carry the result and the response
    time of each lookup, and its page has the Cache tab, the chart and /metrics.

    Args:
        events: Locust's events.

    Raises:
        RuntimeError: There is one already.
    """

    def __init__(self, events: Events) -> None:
        others = [getattr(each, "__self__", None) for each in events.init._handlers]  # noqa: SLF001
        if any(isinstance(each, MeasuredLookups) for each in others):
            raise RuntimeError("make one MeasuredLookups for all User classes, and import it")
        self._counts = RunCounts()
        self._sendings: list[Sending] = []
        self._numbers = itertools.count()
        self._reports: dict[str, dict[str, Any]] = {}
        self._environment: Environment | None = None
        self._is_stopping = False
        self._unstopped: set[str] = set()
        keep_fractions_of_milliseconds()
        listen(events.init_command_line_parser, _add_flags)
        listen(events.init, self._on_init)
        listen(events.test_start, self._on_test_start)
        listen(events.test_stopping, self._on_test_stopping)
        listen(events.test_stop, self._on_test_stop)
        listen(events.report_to_master, self._on_report_to_master)
        listen(events.worker_report, self._on_worker_report)

    def send(self, user: User, stream: LookupStream, look_up: LookUp) -> None:
        """Send lookups when they are due, whatever becomes of earlier ones, until the user ends.

        Call it in a task: it returns only by ending the user.

        Args:
            user: Who sends them.
            stream: Which, and when.
            look_up: Sends one lookup and ends it; called in a greenlet of its own.
        """
        if not self._is_stopping:
            sending = Sending(user, stream, look_up, self._counts, self._sequence())
            self._sendings.append(sending)
            try:
                sending.greenlet.get()
            finally:
                self._counts.tallies.overdue += sending.end()
        # Locust is about to stop the user, and calls it an error if that has ended by itself.
        while getattr(user, "_state", LOCUST_STATE_STOPPING) != LOCUST_STATE_STOPPING:
            gevent.sleep(_POLL_SECONDS)
        raise StopUser

    def look_up_now(self, user: User, key: int) -> Lookup:
        """Return a lookup that is due now, for a task that waits for its answer before the next."""
        now = self._counts.now()
        return Lookup(key, now, now, user, self._counts)

    def tallies(self) -> Tallies:
        """Return what all processes counted in the present or last run."""
        if self._runs_workers():
            return add_up(report["tallies"] for report in self._reports.values())
        self._tick()
        return self._counts.tallies

    def target_rate(self) -> float:
        """Return how many lookups a second the users of all processes are to send now."""
        if self._runs_workers():
            return sum(float(report["rate"]) for report in self._reports.values())
        return sum(sending.rate for sending in self._sendings)

    def target_arrivals(self) -> float:
        """Return how many lookups their rates have asked for since the run began."""
        if self._runs_workers():
            return sum(float(report["asked_for"]) for report in self._reports.values())
        return sum(sending.asked_for for sending in self._sendings)

    def seconds(self) -> float:
        """Return how long ago the run began."""
        return self._counts.now()

    def workers(self) -> int:
        """Return the number of worker processes; 0 in a single process."""
        runner = self._runner
        return int(runner.worker_count) if isinstance(runner, MasterRunner) else 0

    @property
    def _runner(self) -> Runner | None:
        """Locust's runner of this process; None without one."""
        return self._environment.runner if self._environment else None

    def _sequence(self) -> int:
        """Return the number of a random sequence that no other user has."""
        worker = max(0, getattr(self._runner, "worker_index", 0))
        return worker * _SEQUENCES_OF_A_WORKER + next(self._numbers)

    def _runs_workers(self) -> bool:
        return isinstance(self._runner, MasterRunner)

    def _on_init(self, environment: Environment, web_ui: WebUI | None = None, **_: object) -> None:
        self._environment, runner = environment, environment.runner
        count_run_time_from_now()
        keep_rows_small(environment)
        if isinstance(runner, WorkerRunner):
            runner.register_message(_STOP, self._on_stop, concurrent=True)
            return
        if isinstance(runner, MasterRunner):
            runner.register_message(_STOPPED, self._on_stopped)
        show(self, environment, web_ui)

    def _on_test_start(self, **_: object) -> None:
        self._counts.begin()
        self._sendings, self._numbers, self._reports = [], itertools.count(), {}
        self._is_stopping = False
        gevent.spawn(self._tick_while, self._sendings)

    def _on_test_stopping(self, **_: object) -> None:
        if isinstance(runner := self._runner, MasterRunner):
            self._stop_workers(runner)
        else:
            self._stop()

    def _stop_workers(self, runner: MasterRunner) -> None:
        """Wait until the workers have reported all that they counted."""
        self._unstopped = {node.id for node in runner.clients.ready + runner.clients.running}
        runner.send_message(_STOP)
        deadline = time.monotonic() + 2 * PATIENCE_SECONDS
        while self._unstopped & set(runner.clients) and time.monotonic() < deadline:
            gevent.sleep(_POLL_SECONDS)

    def _on_stopped(self, msg: Any, **_: object) -> None:  # noqa: ANN401 - Locust's message
        self._unstopped.discard(msg.node_id)

    def _on_stop(self, **_: object) -> None:
        self._stop()
        if isinstance(runner := self._runner, WorkerRunner):
            runner._send_stats()  # noqa: SLF001 - no public way to report at once
            runner.send_message(_STOPPED)

    def _stop(self) -> None:
        """End all streams, and wait until every lookup under way has ended."""
        self._is_stopping = True
        self._counts.tallies.overdue += sum(sending.end() for sending in self._sendings)
        with gevent.Timeout(PATIENCE_SECONDS, exception=False):
            for sending in self._sendings:
                sending.pool.drain()
        for sending in self._sendings:
            if given_up := sending.pool.give_up():
                logger.warning("gave up %d lookups under way or queued", given_up)
        self._tick()

    def _on_test_stop(self, **_: object) -> None:
        if not isinstance(self._runner, WorkerRunner):
            logger.info("%s", closing_line(self.tallies()))

    def _on_report_to_master(self, data: dict[str, Any], **_: object) -> None:
        self._tick()
        data[_REPORT] = {
            "tallies": self._counts.report(),
            "rate": self.target_rate(),
            "asked_for": self.target_arrivals(),
        }

    def _on_worker_report(self, client_id: str, data: dict[str, Any], **_: object) -> None:
        if _REPORT in data:
            self._reports[client_id] = data[_REPORT]

    def _tick_while(self, sendings: list[Sending]) -> None:
        while sendings is self._sendings:  # Until another run begins.
            self._tick()
            gevent.sleep(_TICK_SECONDS)

    def _tick(self) -> None:
        for sending in self._sendings:
            sending.pool.sweep()
        tallies = self._counts.tallies
        pools = [sending.pool for sending in self._sendings]
        tallies.arrivals = sum(sending.sent for sending in self._sendings)
        tallies.queued = sum(pool.queued for pool in pools)
        tallies.in_flight = sum(pool.in_flight for pool in pools)
        tallies.max_in_flight_seen = max((pool.max_seen for pool in pools), default=0)
        self._counts.fold()

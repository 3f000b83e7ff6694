"""The master's part of a run: begins it in the workers, adds up and awaits their reports."""

import dataclasses
import logging
import time
from typing import Any

import gevent
from locust.env import Environment
from locust.runners import STATE_MISSING, MasterRunner

from loadtests.run.preparation import KEEPS_ITS_USERS, Preparation
from loadtests.run.typed_locust import listen
from loadtests.run.worker import (
    BEGIN,
    BEGUN,
    EXHAUSTED,
    GIVE_UP,
    REFUSED,
    REPORT,
    STOP,
    STOPPED,
)
from loadtests.sender.tallies import Tallies, merged
from loadtests.workload.assignments import Epoch
from loadtests.workload.flags import EXIT_USAGE

logger = logging.getLogger(__name__)

_LEAD_SECONDS = 0.3
_POLL_SECONDS = 0.02
_RETRY_SECONDS = 1.0
_SPAWN_SECONDS = 60.0
_PATIENCE_SECONDS = 90.0
_TOGETHER_SECONDS = 2.0


class MasterLoad:
    """Follows Locust's events and the workers' messages in the master."""

    def __init__(
        self, environment: Environment, runner: MasterRunner, preparation: Preparation
    ) -> None:
        self._environment = environment
        self._runner = runner
        self._preparation = preparation
        self._reports: dict[str, dict[str, Any]] = {}
        self._busy: set[str] = set()
        self._not_begun: set[str] = set()
        self._waiting_for: set[str] = set()
        self._beginning = gevent.Greenlet()
        self._exhausted: set[str] = set()
        self._epoch = 0
        self._stopping = False
        self._left_at: dict[str, float] = {}
        events = environment.events
        listen(events.test_start, self._on_test_start)
        listen(events.spawning_complete, self._on_spawning_complete)
        listen(events.worker_report, self._on_worker_report)
        listen(events.test_stopping, self._on_test_stopping)
        listen(events.quitting, self._on_test_stopping)
        runner.register_message(BEGUN, self._on_begun)
        runner.register_message(STOPPED, self._on_stopped)
        runner.register_message(EXHAUSTED, self._on_exhausted)
        runner.register_message(REFUSED, self._on_refused)

    def tallies(self) -> Tallies:
        """Return the sum of what every worker last reported."""
        alive = self._alive()
        total = merged(report["tallies"] for report in self._reports.values())
        for worker in self._reports.keys() - alive:  # it has nothing under way any more
            total.in_flight -= self._reports[worker]["tallies"]["counters"]["in_flight"]
        return total

    def workers(self) -> int:
        """Return how many workers are there."""
        return int(self._runner.worker_count)

    def _on_test_start(self, **_: object) -> None:
        self._reports.clear()
        self._busy.clear()
        self._exhausted.clear()
        self._waiting_for.clear()
        self._left_at.clear()
        self._epoch = 0
        self._stopping = False
        self._preparation.open()

    def _on_spawning_complete(self, **_: object) -> None:
        self._beginning.kill(block=False)
        if not self._stopping:
            self._beginning = gevent.spawn(self._begin)

    def _begin(self) -> None:
        """Begin once every user has been reported, which Locust does not wait for."""
        if self._epoch and self._preparation.keeps_its_users:
            logger.warning(KEEPS_ITS_USERS)
            return
        deadline = time.monotonic() + _SPAWN_SECONDS
        while self._missing_users():
            if time.monotonic() > deadline:
                logger.warning("begin without %d users", self._missing_users())
                break
            gevent.sleep(_POLL_SECONDS)
        users = {
            worker: dict(node.user_classes_count) for worker, node in self._runner.clients.items()
        }
        soon = time.time() + _LEAD_SECONDS
        started_at = self._preparation.started_at or soon
        epoch = Epoch(started_at, soon - started_at, self._epoch, users)
        if not epoch.processes:
            return
        self._epoch += 1
        self._preparation.begin(started_at)
        self._busy |= set(epoch.processes)
        self._exhausted -= self._busy
        self._not_begun = set(self._busy)
        while self._not_begun & self._alive():  # until every worker has said that it begins
            for worker in self._not_begun & self._alive():
                self._runner.send_message(BEGIN, dataclasses.asdict(epoch), worker)
            gevent.sleep(_RETRY_SECONDS)

    def _missing_users(self) -> int:
        return int(self._runner.target_user_count - self._runner.user_count)

    def _on_worker_report(self, client_id: str, data: dict[str, Any], **_: object) -> None:
        if REPORT in data and client_id in self._busy:
            self._reports[client_id] = data[REPORT]
        self._end_if_exhausted()  # a worker that went away sends no word of its end

    def _on_begun(self, msg: Any, **_: object) -> None:  # noqa: ANN401 - Locust's message
        self._not_begun.discard(msg.node_id)

    def _on_stopped(self, msg: Any, **_: object) -> None:  # noqa: ANN401 - Locust's message
        self._waiting_for.discard(msg.node_id)
        self._left_at[msg.node_id] = time.monotonic()

    def _on_exhausted(self, msg: Any, **_: object) -> None:  # noqa: ANN401 - Locust's message
        self._exhausted.add(msg.node_id)
        self._end_if_exhausted()

    def _end_if_exhausted(self) -> None:
        if self._exhausted and self._exhausted >= self._alive() and not self._stopping:
            self._exhausted.clear()
            self._end()

    def _on_refused(self, msg: Any, **_: object) -> None:  # noqa: ANN401 - Locust's message
        logger.error("worker %s cannot take part: %s", msg.node_id, msg.data["why"])
        self._beginning.kill(block=False)
        self._environment.process_exit_code = EXIT_USAGE
        self._end()

    def _end(self) -> None:
        gevent.spawn(self._runner.quit if self._preparation.headless else self._runner.stop)

    def _on_test_stopping(self, **_: object) -> None:
        if not self._preparation.is_open:
            return
        if not self._stopping:
            # those that left long before did so on their own
            self._left_at = {
                worker: at
                for worker, at in self._left_at.items()
                if time.monotonic() - at < _TOGETHER_SECONDS
            }
        self._stopping = True
        self._beginning.kill(block=False)
        # told a second time while waiting: do not wait for what is under way
        unstopped = self._waiting_for & self._alive()
        word = GIVE_UP if unstopped else STOP
        self._waiting_for = unstopped or self._alive()
        for worker in self._waiting_for:
            self._runner.send_message(word, None, worker)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self._waiting_for & self._alive() and time.monotonic() < deadline:
            gevent.sleep(_POLL_SECONDS)
        self._preparation.conclude(self.tallies(), self._unreported())

    def _alive(self) -> set[str]:
        clients = self._runner.clients
        return {
            worker
            for worker in self._busy
            if worker in clients and clients[worker].state != STATE_MISSING
        }

    def _unreported(self) -> tuple[str, ...]:
        left = self._left_at.keys()
        return tuple(
            f"worker {worker} went away; what it did after its last report"
            f" ({self._last_heard(worker)}) is in no total"
            for worker in sorted((self._busy - self._alive() | self._waiting_for) - left)
        )

    def _last_heard(self, worker: str) -> str:
        report = self._reports.get(worker)
        if report is None:
            return "it made none"
        return time.strftime("%H:%M:%S", time.localtime(report["at"]))

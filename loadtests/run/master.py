"""The master's part of a run: starts it in the workers and adds up their reports."""

import dataclasses
import logging
import time
from typing import Any

import gevent
from locust.env import Environment
from locust.runners import STATE_MISSING, MasterRunner

from loadtests.run.closing import end_run
from loadtests.run.ledger import Ledger
from loadtests.run.typed_locust import listen
from loadtests.run.worker import BEGIN, BEGUN, EXHAUSTED, GIVE_UP, REFUSED, REPORT, STOP, STOPPED
from loadtests.sender.tallies import Tallies, add_up
from loadtests.workload.flags import EXIT_USAGE

logger = logging.getLogger(__name__)

_LEAD_SECONDS = 0.3  # Long enough for a message to reach every worker.
_POLL_SECONDS = 0.02
_RETRY_SECONDS = 1.0
_SPAWN_SECONDS = 60.0
_DRAIN_SECONDS = 90.0  # Longer than a worker drains with the usual --max-wait-seconds.
_TOGETHER_SECONDS = 2.0  # Ctrl-C stops all processes, and workers may be this much earlier.


class MasterLoad:
    """Starts and ends the run on Locust's events and the workers' messages.

    Args:
        environment: Locust's environment.
        runner: Locust's master runner.
        ledger: Keeps what is decided and counted.
    """

    def __init__(self, environment: Environment, runner: MasterRunner, ledger: Ledger) -> None:
        self._environment = environment
        self._runner = runner
        self._ledger = ledger
        self._reports: dict[str, dict[str, Any]] = {}  # The last one of each worker.
        self._busy: set[str] = set()  # Workers that were asked to send in this run.
        self._not_begun: set[str] = set()
        self._exhausted: set[str] = set()
        self._waiting_for: set[str] = set()
        self._left_at: dict[str, float] = {}
        self._beginning = gevent.Greenlet()
        self._stopping = False
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
        """Return the sum of the last reports of all workers."""
        alive = self._alive()
        total = add_up(report["tallies"] for report in self._reports.values())
        for worker in self._reports.keys() - alive:  # Its requests in flight are gone.
            total.in_flight -= self._reports[worker]["tallies"]["counters"]["in_flight"]
        return total

    def workers(self) -> int:
        """Return the number of workers."""
        return int(self._runner.worker_count)

    def _on_test_start(self, **_: object) -> None:
        self._reports.clear()
        self._busy.clear()
        self._exhausted.clear()
        self._waiting_for.clear()
        self._left_at.clear()
        self._stopping = False
        self._ledger.open()

    def _on_spawning_complete(self, **_: object) -> None:
        self._beginning.kill(block=False)
        if not self._stopping:
            self._beginning = gevent.spawn(self._begin)

    def _begin(self) -> None:
        """Begin an epoch once all users have been spawned, for which Locust does not wait."""
        deadline = time.monotonic() + _SPAWN_SECONDS
        while self._missing_users():
            if time.monotonic() > deadline:
                logger.warning("starting without %d users not yet spawned", self._missing_users())
                break
            gevent.sleep(_POLL_SECONDS)
        users = {
            worker: dict(node.user_classes_count) for worker, node in self._runner.clients.items()
        }
        epoch = self._ledger.next_epoch(users, _LEAD_SECONDS)
        if epoch is None:
            return
        self._busy |= set(epoch.processes)
        self._exhausted -= self._busy
        self._not_begun = set(self._busy)
        while self._not_begun & self._alive():  # Repeat until every worker has confirmed.
            for worker in self._not_begun & self._alive():
                self._runner.send_message(BEGIN, dataclasses.asdict(epoch), worker)
            gevent.sleep(_RETRY_SECONDS)

    def _missing_users(self) -> int:
        return int(self._runner.target_user_count - self._runner.user_count)

    def _on_worker_report(self, client_id: str, data: dict[str, Any], **_: object) -> None:
        if REPORT in data and client_id in self._busy:
            self._reports[client_id] = data[REPORT]
        self._end_if_exhausted()  # A lost worker sends no message when it ends.

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
            end_run(self._environment)

    def _on_refused(self, msg: Any, **_: object) -> None:  # noqa: ANN401 - Locust's message
        logger.error("worker %s cannot take part: %s", msg.node_id, msg.data["why"])
        self._beginning.kill(block=False)
        self._environment.process_exit_code = EXIT_USAGE
        end_run(self._environment)

    def _on_test_stopping(self, **_: object) -> None:
        if not self._ledger.is_open:
            return
        if not self._stopping:
            # Workers that left long before did so on their own.
            self._left_at = {
                worker: at
                for worker, at in self._left_at.items()
                if time.monotonic() - at < _TOGETHER_SECONDS
            }
        self._stopping = True
        self._beginning.kill(block=False)
        # A second stop while the first one waits: do not wait for requests in flight any longer.
        unstopped = self._waiting_for & self._alive()
        word = GIVE_UP if unstopped else STOP
        self._waiting_for = unstopped or self._alive()
        for worker in self._waiting_for:
            self._runner.send_message(word, None, worker)
        deadline = time.monotonic() + _DRAIN_SECONDS
        while self._waiting_for & self._alive() and time.monotonic() < deadline:
            gevent.sleep(_POLL_SECONDS)
        self._ledger.conclude(self.tallies(), self._unreported())

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
            f"worker {worker} was lost; the totals lack what it did after its last report"
            f" ({self._last_report(worker)})"
            for worker in sorted((self._busy - self._alive() | self._waiting_for) - left)
        )

    def _last_report(self, worker: str) -> str:
        report = self._reports.get(worker)
        if report is None:
            return "none"
        return time.strftime("%H:%M:%S", time.localtime(report["at"]))

"""A run of load in a single Locust process."""

import logging
import time

import gevent
from locust.env import Environment

from loadtests.run.load_user import scenarios_of
from loadtests.run.preparation import KEEPS_ITS_USERS, Preparation
from loadtests.run.typed_locust import listen
from loadtests.sender.sender import LoadRun
from loadtests.sender.tallies import Tallies
from loadtests.workload.assignments import Epoch

logger = logging.getLogger(__name__)

_LEAD_SECONDS = 0.02


class LocalLoad:
    """Follows Locust's events in a process that is neither master nor worker."""

    def __init__(self, environment: Environment, preparation: Preparation) -> None:
        self._environment = environment
        self._preparation = preparation
        self._run: LoadRun | None = None
        self._epoch = 0
        self._stopping = False
        events = environment.events
        listen(events.test_start, self._on_test_start)
        listen(events.spawning_complete, self._on_spawning_complete)
        listen(events.test_stopping, self._on_test_stopping)
        listen(events.quitting, self._on_test_stopping)

    def tallies(self) -> Tallies:
        """Return what has been seen in the present or last run."""
        return self._run.tallies if self._run is not None else Tallies()

    def workers(self) -> int:
        """Return 0: no workers, this process sends itself."""
        return 0

    def _on_test_start(self, **_: object) -> None:
        preparation = self._preparation
        self._epoch = 0
        self._stopping = False
        self._run = LoadRun(
            preparation.workload(preparation.open()),
            scenarios_of(self._environment),
            preparation.token,
            self._environment.events.request.fire,
            self._end,
        )

    def _on_spawning_complete(self, **_: object) -> None:
        runner = self._environment.runner
        if self._run is None or runner is None or not runner.user_count or self._stopping:
            return
        if self._epoch and self._preparation.keeps_its_users:
            logger.warning(KEEPS_ITS_USERS)
            return
        soon = time.time() + _LEAD_SECONDS
        started_at = self._preparation.started_at or soon
        users = {"local": runner.user_classes_count}
        epoch = Epoch(started_at, soon - started_at, self._epoch, users)
        self._epoch += 1
        self._preparation.begin(started_at)
        self._run.begin(epoch, "local")

    def _on_test_stopping(self, **_: object) -> None:
        if self._run is None or not self._preparation.is_open:
            return
        if self._stopping:  # told a second time while waiting: do not wait
            self._run.give_up()
        self._stopping = True
        self._run.stop()
        self._preparation.conclude(self._run.tallies)

    def _end(self) -> None:
        runner = self._environment.runner
        if runner is not None:
            gevent.spawn(runner.quit if self._preparation.headless else runner.stop)

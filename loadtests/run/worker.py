"""A worker's part of a run: starts and stops on the master's messages, reports what it counts."""

import logging
import os
import time
from typing import Any

import gevent
from locust.env import Environment
from locust.runners import WorkerRunner

from loadtests.run.load_user import scenarios_of
from loadtests.run.typed_locust import listen, parsed_options
from loadtests.sender.sender import LoadRun
from loadtests.service_under_test.control_token import ControlToken
from loadtests.workload.assignments import Epoch
from loadtests.workload.flags import FlagError
from loadtests.workload.load_settings import settings_from
from loadtests.workload.scenario import Workload

BEGIN, STOP, GIVE_UP = "load_begin", "load_stop", "load_give_up"
BEGUN, STOPPED, EXHAUSTED = "load_begun", "load_stopped", "load_exhausted"
REFUSED = "load_refused"
REPORT = "load"
_LOOK_SECONDS = 1.0

logger = logging.getLogger(__name__)


class WorkerLoad:
    """Sends the worker's part of a run on Locust's events and the master's messages.

    Args:
        environment: Locust's environment.
        runner: Locust's worker runner.
        token: Control token; None where the service asks for none.
    """

    def __init__(self, environment: Environment, runner: WorkerRunner, token: str | None) -> None:
        self._environment = environment
        self._runner = runner
        self._token = token
        self._run: LoadRun | None = None
        self._begun: tuple[float, int] | None = None
        events = environment.events
        listen(events.test_start, self._on_test_start)
        listen(events.report_to_master, self._on_report)
        listen(events.test_stopping, self._on_test_stopping)
        listen(events.quitting, self._on_stop)  # Ctrl-C reaches all processes at once.
        runner.register_message(BEGIN, self._on_begin, concurrent=True)
        runner.register_message(STOP, self._on_stop, concurrent=True)
        runner.register_message(GIVE_UP, self._on_give_up, concurrent=True)
        if getattr(environment.parsed_options, "processes", None):
            gevent.spawn(self._end_with_master, os.getppid())

    def _end_with_master(self, master: int) -> None:
        """End soon after the master, which is this process's parent; Locust needs a minute."""
        while os.getppid() == master:
            gevent.sleep(_LOOK_SECONDS)
        logger.error("the master ended without a word; this worker ends too")
        self._runner.quit()

    def _on_test_start(self, **_: object) -> None:
        fire = self._environment.events.request.fire
        scenarios = scenarios_of(self._environment)
        self._run = None
        try:
            options = parsed_options(self._environment)
            settings = settings_from(options)
            workload = Workload(settings, settings.read_trace())
        except FlagError as error:  # Such as a trace that only the master can read.
            self._runner.send_message(REFUSED, {"why": str(error)})
            return
        # The master's, which come with the other options of the run.
        token = ControlToken(self._token, options.urls_at_start).for_urls(settings.service_urls)
        self._run = LoadRun(workload, scenarios, token, fire, self._on_exhausted)

    def _on_begin(self, msg: Any, **_: object) -> None:  # noqa: ANN401 - Locust's message
        epoch = Epoch(**msg.data)
        if self._run is None or self._begun == (epoch.started_at, epoch.number):
            return  # Not ready yet, or a repeated message.
        self._begun = (epoch.started_at, epoch.number)
        try:
            self._run.begin(epoch, self._runner.client_id)
        except FlagError as error:
            self._runner.send_message(REFUSED, {"why": str(error)})
            return
        self._runner.send_message(BEGUN)

    def _on_stop(self, **_: object) -> None:
        self._on_test_stopping()
        self._runner._send_stats()  # noqa: SLF001 - no public way to report at once
        self._runner.send_message(STOPPED)

    def _on_give_up(self, **_: object) -> None:
        if self._run is not None:
            self._run.give_up()

    def _on_test_stopping(self, **_: object) -> None:
        if self._run is not None:
            self._run.stop()

    def _on_report(self, data: dict[str, Any], **_: object) -> None:
        if self._run is not None:
            data[REPORT] = {"at": time.time(), "tallies": self._run.tallies.to_message()}

    def _on_exhausted(self) -> None:
        self._runner.send_message(EXHAUSTED)

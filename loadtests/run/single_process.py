"""A run of load in a single Locust process."""

from locust.env import Environment

from loadtests.run.closing import end_run
from loadtests.run.ledger import Ledger
from loadtests.run.load_user import scenarios_of
from loadtests.run.run_record import EXIT_RECORD
from loadtests.run.typed_locust import listen
from loadtests.sender.sender import LoadRun
from loadtests.sender.tallies import Tallies

_LEAD_SECONDS = 0.02
_PROCESS = "local"


class LocalLoad:
    """Starts and ends the run on Locust's events, in a process that is neither master nor worker.

    Args:
        environment: Locust's environment.
        ledger: Keeps what is decided and counted.
    """

    def __init__(self, environment: Environment, ledger: Ledger) -> None:
        self._environment = environment
        self._ledger = ledger
        self._run: LoadRun | None = None
        self._stopping = False
        events = environment.events
        listen(events.test_start, self._on_test_start)
        listen(events.spawning_complete, self._on_spawning_complete)
        listen(events.test_stopping, self._on_test_stopping)
        listen(events.quitting, self._on_test_stopping)

    def tallies(self) -> Tallies:
        """Return what was counted in the present or last run."""
        return self._run.tallies if self._run is not None else Tallies()

    def workers(self) -> int:
        """Return 0: there are no workers, this process sends itself."""
        return 0

    def _on_test_start(self, **_: object) -> None:
        self._stopping = False
        settings = self._ledger.open()
        self._run = LoadRun(
            self._ledger.workload_of(settings),
            scenarios_of(self._environment),
            self._ledger.token_for(settings),
            self._environment.events.request.fire,
            lambda: end_run(self._environment),
        )

    def _on_spawning_complete(self, **_: object) -> None:
        runner = self._environment.runner
        if self._run is None or runner is None or self._stopping:
            return
        epoch = self._ledger.next_epoch({_PROCESS: runner.user_classes_count}, _LEAD_SECONDS)
        if epoch is not None:
            self._run.begin(epoch, _PROCESS)

    def _on_test_stopping(self, **_: object) -> None:
        if self._run is None or not self._ledger.is_open:
            return
        if self._stopping:  # A second stop while the first one drains: do not wait any longer.
            self._run.give_up()
        self._stopping = True
        self._run.stop()
        problem = self._run.record_problem()
        self._ledger.conclude(self._run.tallies, (problem,) if problem else ())
        if problem:
            self._environment.process_exit_code = EXIT_RECORD

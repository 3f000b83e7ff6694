"""A private server program with one command line and one port, which can be restarted."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

from loadtests.stack.guardian import GuardedProcess, Guardian, StackError

_POLL_SECONDS = 0.02
_USER_ERROR = 2  # Exit code of a program whose last line names a wrong setting.


def wait_until(
    answers: Callable[[], bool], process: GuardedProcess, name: str, timeout_seconds: float
) -> None:
    """Wait until a server answers.

    Raises:
        StackError: It refused its settings, and the message is its own; or it ended or did not
            answer in time, and the message ends with its log's last lines.
    """
    deadline = time.monotonic() + timeout_seconds
    trouble = None
    while not answers():
        if (code := process.exit_code()) == _USER_ERROR:
            raise StackError(f"{name} does not start: {process.tail(1)}")
        if code is not None:
            trouble = f"ended with {code} at its start"
        elif time.monotonic() > deadline:
            trouble = f"did not answer within {timeout_seconds:g} s"
        if trouble:
            end = process.tail() or "(it is empty)"
            raise StackError(f"{name} {trouble}; its log ends:\n{end}")
        time.sleep(_POLL_SECONDS)


class PrivateServer(ABC):
    """A server under a guardian, which can be killed and started again on the same port.

    Args:
        guardian: Stops it when this process ends.
        name: Name of its log.
        port: Where it listens.
    """

    ready_within_seconds = 30.0

    def __init__(self, guardian: Guardian, name: str, port: int) -> None:
        self.name = name
        self.port = port
        self._guardian = guardian
        self._process: GuardedProcess | None = None

    @property
    def pid(self) -> int:
        """The program's process id, which changes at a restart."""
        return self.process.pid

    @property
    def process(self) -> GuardedProcess:
        """The running program."""
        if self._process is None:
            raise StackError(f"{self.name} was not started")
        return self._process

    @property
    def folder(self) -> Path:
        """The folder for the server's files."""
        return self._guardian.folder

    def start(self) -> None:
        """Start it, and do not wait for it."""
        self._process = self._guardian.start(self.name, self.command(), self.environment())

    def wait_ready(self) -> None:
        """Wait until it answers; raise StackError if it does not."""
        wait_until(self.answers, self.process, self.name, self.ready_within_seconds)

    def stop(self) -> None:
        """Stop it with SIGTERM, and kill it if it does not end."""
        self.process.stop()

    def kill(self) -> None:
        """Kill it at once, as in a crash."""
        self.process.kill()

    def restart(self) -> None:
        """Stop it, start it again on the same port, and wait until it answers."""
        self.process.stop()
        self.start()
        self.wait_ready()

    def environment(self) -> dict[str, str]:
        """Return the variables to add to its environment."""
        return {}

    @abstractmethod
    def command(self) -> list[str | Path]:
        """Return its command line."""

    @abstractmethod
    def answers(self) -> bool:
        """Return whether it is ready to serve."""

"""A server program that runs privately: one command line, one port, started again at will."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

from loadtests.stack.guardian import GuardedProcess, Guardian, StackError

_POLL_SECONDS = 0.02
_USER_ERROR = 2  # the exit code of a program whose last line says what is wrong with its settings


def wait_until(
    answers: Callable[[], bool], process: GuardedProcess, name: str, timeout_seconds: float
) -> None:
    """Wait until a server answers.

    Raises:
        StackError: It refused its settings, and the message is its own; or it ended, or the time
            is up, and the message ends with its log's last lines.
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
    """A server under a guardian that can be killed and started again on the same port."""

    ready_within_seconds = 30.0

    def __init__(self, guardian: Guardian, name: str, port: int) -> None:
        self.name = name
        self.port = port
        self._guardian = guardian
        self._process: GuardedProcess | None = None

    @property
    def pid(self) -> int:
        """The process id of the program itself, new after a restart."""
        return self.process.pid

    @property
    def process(self) -> GuardedProcess:
        """The running program."""
        if self._process is None:
            raise StackError(f"{self.name} was not started")
        return self._process

    @property
    def folder(self) -> Path:
        """Where this server may keep files."""
        return self._guardian.folder

    def start(self) -> None:
        """Start it without waiting for it."""
        self._process = self._guardian.start(self.name, self.command(), self.environment())

    def wait_ready(self) -> None:
        """Wait until it answers; StackError when it does not."""
        wait_until(self.answers, self.process, self.name, self.ready_within_seconds)

    def stop(self) -> None:
        """End it in good order."""
        self.process.stop()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.process.kill()

    def restart(self) -> None:
        """End it if it runs, start it again on the same port, wait until it answers."""
        self.process.stop()
        self.start()
        self.wait_ready()

    def environment(self) -> dict[str, str]:
        """Return what is added to this process' environment for it."""
        return {}

    @abstractmethod
    def command(self) -> list[str | Path]:
        """Return its command line."""

    @abstractmethod
    def answers(self) -> bool:
        """Tell whether it is ready to serve."""

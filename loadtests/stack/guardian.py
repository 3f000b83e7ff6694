"""Starts programs under a guardian process, so that none outlives this one."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from loadtests.stack.descendants import send, session_members

ROOT = Path(__file__).resolve().parents[2]
"""The repository: where `python -m service` and `locust -f loadtests/…` are run."""

_POLL_SECONDS = 0.02


class StackError(Exception):
    """A stack cannot be had; the message says why and what to do, in one line."""


class GuardedProcess:
    """A program that runs under a guardian, with all that it starts itself.

    `pid` is its process id, `log` the file with its output.
    """

    def __init__(self, guardian: "Guardian", pid: int, log: Path) -> None:
        self._guardian = guardian
        self.pid = pid
        self.log = log

    def exit_code(self) -> int | None:
        """Return its exit code (-N when signal N ended it); None while it runs."""
        return self._guardian.exit_code(self.pid)

    def wait(self, timeout_seconds: float) -> int | None:
        """Wait for its end; return the exit code, or None when the time is up."""
        deadline = time.monotonic() + timeout_seconds
        while (code := self.exit_code()) is None and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        return code

    def terminate(self) -> None:
        """Ask it to end (SIGTERM), and do not wait."""
        if self.exit_code() is None:
            send([self.pid], signal.SIGTERM)

    def stop(self, grace_seconds: float = 5.0) -> None:
        """Ask it to end, wait, and kill what is left of it and its workers."""
        self.terminate()
        self.wait(grace_seconds)
        self.kill()

    def kill(self) -> None:
        """Kill it and its workers at once, and wait until they are gone."""
        while self.exit_code() is None or session_members(self.pid):
            send(session_members(self.pid), signal.SIGKILL)
            time.sleep(_POLL_SECONDS)

    def tail(self, lines: int = 15) -> str:
        """Return the last lines of its output."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


class Guardian:
    """Runs programs that end with this process, however it ends, kill -9 included.

    A context manager. `folder` is a temporary folder for the programs' files, removed at
    the end; every program's output goes to `folder/NAME.log`. Safe to use from threads.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cacheaside-"))
        self._lock = threading.Lock()
        self._connection, theirs = socket.socketpair()
        module = "loadtests.stack.guardian_process"
        with theirs, (self.folder / "guardian.log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", module, str(theirs.fileno()), str(self.folder)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs.fileno()],
                # Ctrl-C reaches this process alone; the guardian learns of its end.
                start_new_session=True,
            )
        self._answers = self._connection.makefile("rb")

    @property
    def pid(self) -> int:
        """The guardian's own process id: all that it guards are its descendants."""
        return self._process.pid

    def start(
        self,
        name: str,
        argv: Sequence[str | Path],
        environment: Mapping[str, str] | None = None,
    ) -> GuardedProcess:
        """Start a program in the repository's root.

        Args:
            name: What its log is called.
            argv: The program and its arguments.
            environment: Added to this process' own environment.

        Raises:
            StackError: The program cannot be started.
        """
        log = self.folder / f"{name}.log"
        answer = self._ask(
            {
                "argv": [str(word) for word in argv],
                "environment": dict(os.environ) | dict(environment or {}),
                "cwd": str(ROOT),
                "log": str(log),
            }
        )
        if "error" in answer:
            raise StackError(f"{name} does not start: {answer['error']}")
        return GuardedProcess(self, answer["pid"], log)

    def exit_code(self, pid: int) -> int | None:
        """Return the exit code of a program that was started here; None while it runs."""
        code: int | None = self._ask({"exit_code_of": pid})["exit_code"]
        return code

    def close(self) -> None:
        """End every program and wait for it; the folder is gone after."""
        with self._lock:
            self._answers.close()
            self._connection.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(15)
        # The guardian has removed it, unless it was killed itself.
        shutil.rmtree(self.folder, ignore_errors=True)

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            try:
                self._connection.sendall(json.dumps(request).encode() + b"\n")
                answer: dict[str, Any] = json.loads(self._answers.readline())
            except (OSError, ValueError) as error:
                raise StackError("the guardian process is gone, and its programs too") from error
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

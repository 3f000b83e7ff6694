"""Starts programs under a guardian process, so that none of them outlives this process."""

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
"""The repository, or site-packages where this is installed; all programs are started in it."""

IN_CHECKOUT = (ROOT / "pyproject.toml").is_file()
"""Whether this runs from the repository, with everything that stands in it beside the packages."""

FILES = Path(__file__).with_name("files")
"""The files of the repository that a local stack needs; they are installed with the package."""

_POLL_SECONDS = 0.02


class StackError(Exception):
    """A stack cannot be used; the message says why and what to do, in one line."""


class GuardedProcess:
    """A program under a guardian, with all processes that it starts itself.

    Args:
        guardian: The guardian that started it.
        pid: Its process id.
        log: The file with its output.
    """

    def __init__(self, guardian: "Guardian", pid: int, log: Path) -> None:
        self._guardian = guardian
        self.pid = pid
        self.log = log

    def exit_code(self) -> int | None:
        """Return its exit code (-N if signal N ended it); None while it runs."""
        return self._guardian.exit_code(self.pid)

    def wait(self, timeout_seconds: float) -> int | None:
        """Wait for it to end; return the exit code, or None after the timeout."""
        deadline = time.monotonic() + timeout_seconds
        while (code := self.exit_code()) is None and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        return code

    def terminate(self) -> None:
        """Send it SIGTERM, and do not wait."""
        if self.exit_code() is None:
            send([self.pid], signal.SIGTERM)

    def stop(self, grace_seconds: float = 5.0) -> None:
        """Send it SIGTERM, wait, and kill what is left of it and its workers."""
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
    """Runs programs that end with this process, even if it is killed; a context manager.

    `folder` is a temporary folder for the programs' files, which is removed at the end. A program's
    output goes to `folder/NAME.log`. Several threads can use one guardian.
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
                # Ctrl-C reaches this process only; the guardian notices when it ends.
                start_new_session=True,
            )
        self._answers = self._connection.makefile("rb")

    @property
    def pid(self) -> int:
        """The guardian's own process id; all its programs are its descendants."""
        return self._process.pid

    def start(
        self,
        name: str,
        argv: Sequence[str | Path],
        environment: Mapping[str, str] | None = None,
    ) -> GuardedProcess:
        """Start a program in ROOT.

        Args:
            name: Name of its log.
            argv: The program and its arguments.
            environment: Variables to add to this process' environment.

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
        """Stop every program, wait for it, and remove the folder."""
        with self._lock:
            self._answers.close()
            self._connection.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(15)
        # The guardian removes it too, unless it is killed.
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

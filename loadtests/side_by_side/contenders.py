"""The servers that are measured: the service itself, and what people would use in its place."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from loadtests.service_under_test.urls import page_answers
from loadtests.stack.descendants import session_members
from loadtests.stack.guardian import ROOT, Guardian
from loadtests.stack.ports import free_port
from loadtests.stack.private_server import PrivateServer

RIVALS = ROOT / "tests" / "bench" / "rivals"
PATH = "/fruit/1"
DEFAULT_THREADS = 32
"""The THREADS that the service has by default."""

HTTP_THREADS = ("--runtime-mode", "mt", "--runtime-threads", "2")
"""As the service has them; an ASGI application is faster without, and runs without."""

Host = Literal["service", "granian", "granian-asgi", "gunicorn", "flask"]


@dataclass(frozen=True, slots=True)
class Contender:
    """One server to measure.

    Attributes:
        name: What tables call it.
        host: The server program that runs it.
        module: The file of `RIVALS` with its `app`; empty for the service itself.
        settings: More of its environment.
        switch: A path that is asked before each burst; it makes one process two contenders.
    """

    name: str
    host: Host
    module: str = ""
    settings: tuple[tuple[str, str], ...] = ()
    switch: str = ""


class ContenderServer(PrivateServer):
    """A running contender.

    Args:
        guardian: Stops it when this process ends.
        python: The interpreter that has its packages, and the words before it.
        contender: What it is.
        threads: How many requests it serves at the same time.
        environment: REDIS_URL and DATABASE_URL.
    """

    def __init__(
        self,
        guardian: Guardian,
        python: Sequence[str | Path],
        contender: Contender,
        threads: int,
        environment: Mapping[str, str],
    ) -> None:
        super().__init__(guardian, f"{contender.module or 'service'}-{threads}", free_port())
        self._python = python
        self._contender = contender
        self._threads = threads
        self._environment = {**environment, **dict(contender.settings)}
        self.base = f"http://127.0.0.1:{self.port}"
        self.url = self.base + PATH

    def command(self) -> list[str | Path]:
        """Return its command line."""
        python, app, port = self._python, f"{self._contender.module}:app", str(self.port)
        threads = str(self._threads)
        match self._contender.host:
            case "service":
                return [*python, "-m", "service"]
            case "gunicorn":
                words = ["gunicorn", "--bind", f"127.0.0.1:{port}", "--threads", threads]
                return [*python, "-m", *words, "--worker-class", "gthread", app]
            case "flask":
                return [*python, "-m", "flask", "--app", app, "run", "--port", port]
            case "granian-asgi":
                kind = ["--interface", "asginl", "--loop", "uvloop"]
            case "granian":
                kind = ["--interface", "wsgi", "--blocking-threads", threads, *HTTP_THREADS]
        usual = ["--host", "127.0.0.1", "--port", port, "--workers", "1", "--http", "1", "--no-ws"]
        return [*python, "-m", "granian", *usual, "--log-level", "critical", *kind, app]

    def environment(self) -> dict[str, str]:
        """Return its settings."""
        return {
            "PYTHONPATH": os.pathsep.join((str(RIVALS), str(ROOT))),
            "PORT": str(self.port),
            "THREADS": str(self._threads),
            "TTL_SECONDS": "3600",
            **self._environment,
        }

    def answers(self) -> bool:
        """Return whether it answers lookups."""
        return page_answers(self.url)

    def cpu_seconds(self) -> float:
        """Return the CPU time that its processes have used so far."""
        return sum(_cpu_seconds(pid) for pid in session_members(self.pid))

    def resident_bytes(self) -> int:
        """Return the resident memory of its processes."""
        return sum(_resident_bytes(pid) for pid in session_members(self.pid))


def _cpu_seconds(pid: int) -> float:
    fields = _stat(pid)
    ticks = sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _resident_bytes(pid: int) -> int:
    return int(_stat(pid)[21]) * os.sysconf("SC_PAGE_SIZE")


def _stat(pid: int) -> list[str]:
    """Return the fields of a process from its state on; zeros once it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return ["0"] * 22
    return text.rpartition(")")[2].split()

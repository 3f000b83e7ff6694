"""Where contenders are measured: a private Redis and database, wrk, and an interpreter for all."""

import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from loadtests.side_by_side.cases import ITEMS, TOKEN
from loadtests.side_by_side.contenders import Contender, ContenderServer
from loadtests.side_by_side.placement import Placement, place, started_on
from loadtests.side_by_side.wrk import Burst, Wrk
from loadtests.stack.guardian import IN_CHECKOUT, ROOT, Guardian, StackError
from loadtests.stack.local import LocalStack

PYTHON = ROOT / ".cache" / "bench" / "bin" / "python"
BURST_SECONDS = 1.0
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@dataclass(frozen=True, slots=True)
class Measured:
    """One burst of requests to one server.

    Attributes:
        rate: Answers per second.
        cpu_seconds: CPU time of the server for each answer.
        p99_seconds: 99th percentile of the service time.
    """

    rate: float
    cpu_seconds: float
    p99_seconds: float


@dataclass
class Stage:
    """Starts contenders, one process each, and measures them.

    Attributes:
        guardian: Stops everything at the end.
        wrk: Sends the requests.
        environment: The servers' addresses.
        placement: Which cores contenders have; everything else has the others.
        lines: Which programs were taken.
    """

    guardian: Guardian
    wrk: Wrk
    environment: Mapping[str, str]
    placement: Placement
    lines: list[str] = field(default_factory=list)
    _running: dict[tuple[Contender, int, bool], ContenderServer] = field(default_factory=dict)

    def server(
        self, contender: Contender, threads: int, *, on_one_core: bool = True
    ) -> ContenderServer:
        """Return a contender that runs and is warm; it is started if it does not run yet."""
        key = (replace(contender, name="", switch=""), threads, on_one_core)
        if key not in self._running:
            self._running[key] = server = self._start(contender, threads, on_one_core=on_one_core)
            self.wrk.send(server.url, BURST_SECONDS)
        return self._running[key]

    def stop(self, server: ContenderServer) -> None:
        """Stop a contender that is not needed any more, if it still runs."""
        for key, running in list(self._running.items()):
            if running is server:
                self._running.pop(key).kill()

    def stop_all(self) -> None:
        """Stop all contenders, so that the next pair has processes of its own."""
        for server in self._running.values():
            server.kill()
        self._running.clear()

    def measure(self, server: ContenderServer, script: str, switch: str = "") -> Measured:
        """Measure one burst, after asking for a path; raise StackError if any request failed."""
        if switch:
            urllib.request.urlopen(server.base + switch, timeout=10).close()  # noqa: S310
        used = server.cpu_seconds()
        burst = self.wrk.send(server.url, BURST_SECONDS, script=script, headers=HEADERS)
        used = server.cpu_seconds() - used
        require_answers(burst, server.name)
        return Measured(burst.rate, used / burst.requests, burst.p99_seconds)

    def seconds_to_start(self, contender: Contender, threads: int) -> float:
        """Return how long a contender takes from its start to its first answer."""
        began = time.monotonic()
        server = self._start(contender, threads, on_one_core=True)
        seconds = time.monotonic() - began
        server.kill()
        return seconds

    def _start(self, contender: Contender, threads: int, *, on_one_core: bool) -> ContenderServer:
        start: list[str | Path] = [*self.placement.prefix(on_one_core=on_one_core), PYTHON]
        server = ContenderServer(self.guardian, start, contender, threads, self.environment)
        server.start()
        server.wait_ready()
        return server


def require_answers(burst: Burst, name: str) -> None:
    """Raise StackError for a burst that measured failures, or nothing."""
    if burst.failed or not burst.requests:
        raise StackError(f"{name}: {burst.failed} of {burst.requests} requests failed")


@contextmanager
def stage() -> Iterator[Stage]:
    """Start what contenders need, for the length of a `with` block.

    Raises:
        StackError: The rivals' packages are not installed, or a program is not available.
    """
    if not IN_CHECKOUT:
        raise StackError(
            "bench: what the service is measured beside is not installed with the package: run"
            " `make bench` in a clone of the repository"
        )
    if not PYTHON.exists():
        raise StackError(
            f"no {PYTHON.relative_to(ROOT)}: run `make bench`, which installs what it measures"
        )
    placement = place()
    with started_on(placement.load), LocalStack(0) as stack:
        database = stack.database
        sqlite = f"sqlite:///{stack.guardian.folder}/grocerydb.sqlite"
        environment = {
            "REDIS_URL": str(stack.redis_url),
            "DATABASE_URL": database.url if database else sqlite,
            "CONTROL_TOKEN": TOKEN,
        }
        wrk = Wrk(Path(stack.guardian.folder))
        lines = [*stack.lines[:2], f"load: {wrk.program}"]
        yield Stage(stack.guardian, wrk, environment, placement, lines)


def fill_catalogue(server: ContenderServer) -> None:
    """Make the rows that misses look for, and cache the one that hits look for."""
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{server.base}/control/catalogue",
        method="PUT",
        data=b'{"items": %d}' % ITEMS,
        headers={**HEADERS, "Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=60).close()  # noqa: S310
    urllib.request.urlopen(server.url, timeout=10).close()  # noqa: S310

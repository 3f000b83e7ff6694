"""Sends requests as fast as a server answers them, with wrk, and reads what it counted."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from loadtests.stack.guardian import StackError
from loadtests.stack.servers import WRK, find_or_unpack

CONNECTIONS = 16
"""More than the threads of a core can keep busy, fewer than the threads of the service."""

_REPORT = """
done = function(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    '\\n{"requests":%d,"microseconds":%d,"errors":%d,"refused":%d,"p50":%d,"p99":%d}\\n',
    summary.requests, summary.duration, failed, errors.status, latency:percentile(50),
    latency:percentile(99)))
end
"""


@dataclass(frozen=True, slots=True)
class Burst:
    """What wrk counted.

    Attributes:
        requests: Answered requests.
        seconds: How long it sent.
        failed: Requests that failed, or whose status was 400 or more.
        p50_seconds: Median service time.
        p99_seconds: 99th percentile of the service time.
    """

    requests: int
    seconds: float
    failed: int
    p50_seconds: float
    p99_seconds: float

    @property
    def rate(self) -> float:
        """Answered requests per second."""
        return self.requests / self.seconds


class Wrk:
    """Runs wrk, from the PATH or else Debian's.

    Args:
        folder: Where its scripts are written.

    Raises:
        StackError: There is no wrk, and it cannot be unpacked.
    """

    def __init__(self, folder: Path) -> None:
        self.program = find_or_unpack(WRK)
        self._folder = folder

    def send(
        self,
        url: str,
        seconds: float,
        *,
        connections: int = CONNECTIONS,
        script: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Burst:
        """Send requests to one URL for some seconds, over as many connections.

        Args:
            url: What every request asks for, unless the script says otherwise.
            seconds: For how long, in whole seconds at least one.
            connections: How many requests are under way at the same time.
            script: Lua that builds the requests.
            headers: Sent with every request.

        Raises:
            StackError: wrk failed; the message is its own.
        """
        path = self._folder / "wrk.lua"
        path.write_text(script + _REPORT, encoding="utf-8")
        words = [self.program.path, "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "-s", path]
        for name, value in (headers or {}).items():
            words += ["-H", f"{name}: {value}"]
        done = subprocess.run(  # noqa: S603 - our own arguments
            [*map(str, words), url],
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds + 60,
        )
        lines = done.stdout.strip().splitlines()
        if done.returncode or not lines or not lines[-1].startswith("{"):
            reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            raise StackError(f"wrk failed: {' '.join(reason)}")
        counted = json.loads(lines[-1])
        return Burst(
            counted["requests"],
            counted["microseconds"] / 1e6,
            counted["errors"] + counted["refused"],
            counted["p50"] / 1e6,
            counted["p99"] / 1e6,
        )

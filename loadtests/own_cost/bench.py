"""What the load generator itself costs: `python -m loadtests.own_cost.bench`, about two minutes.

Ratios within one run, against a bare endpoint: throughput on one core next to plain Locust; CPU
per request with 10^7 items next to 10^3, and with four worker processes next to one; memory.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from loadtests.sender.samples import read_samples
from loadtests.service_under_test.urls import page_answers
from loadtests.stack.guardian import Guardian
from loadtests.stack.ports import free_port
from loadtests.stack.private_server import wait_until

ROOT = Path(__file__).resolve().parents[2]
SLOTS = 16
RUN_SECONDS = 6
WARM_SECONDS = 1.5
ROUNDS = 3

Words = list[str]


@dataclass(frozen=True)
class Cost:
    """What one run of Locust took.

    Attributes:
        cpu_seconds: Of all its processes.
        peak_megabytes: Largest resident memory of a process.
        completed: Requests answered.
        throughput: Requests answered a second, start and end left out; 0 where not sampled.
        slip_p50_ms: Median slip; None for plain Locust.
    """

    cpu_seconds: float
    peak_megabytes: float
    completed: int
    throughput: float
    slip_p50_ms: float | None = None


class Endpoint(NamedTuple):
    """The bare endpoint: its URL and the process to signal (with its children)."""

    url: str
    pid: int


@contextmanager
def endpoint() -> Iterator[Endpoint]:
    """Run the bare endpoint while the block runs."""
    port = free_port()
    words = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port)]
    words += ["--workers", "1", "--blocking-threads", "1", "--no-ws", "--log-level", "critical"]
    url = f"http://127.0.0.1:{port}"
    with Guardian() as guardian:
        server = guardian.start("endpoint", [*words, "loadtests.own_cost.endpoint:app"])
        wait_until(lambda: page_answers(f"{url}/fruit/1"), server, "the bare endpoint", 30)
        yield Endpoint(url, server.pid)


def plain(url: str) -> Cost:
    """Run plain Locust as fast as it goes."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "plain"
        words = ["-f", "loadtests/own_cost/plain_locustfile.py", "-u", str(SLOTS), "-r", "100"]
        words += ["-H", url, "-t", f"{RUN_SECONDS}s", "--json-file", str(report)]
        cpu_seconds, megabytes = _locust(words)
        rows = json.loads(report.with_suffix(".json").read_text(encoding="utf-8"))
    by_second: dict[str, int] = {}
    for row in rows:
        for second, count in row["num_reqs_per_sec"].items():
            by_second[second] = by_second.get(second, 0) + count
    whole = [by_second[second] for second in sorted(by_second)][1:-1]
    completed = sum(by_second.values())
    return Cost(cpu_seconds, megabytes, completed, statistics.fmean(whole))


def ours(url: str, rate: float, *more: str, slots: int = SLOTS) -> Cost:
    """Run our ReadHeavy open loop at *rate*."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["-f", "loadtests/locustfile.py", "ReadHeavy", "--service-url", url]
        words += ["--rate", f"{rate:.0f}", "--max-in-flight", str(slots), "--record", folder]
        words += ["--max-wait-seconds", "120", "-t", f"{RUN_SECONDS}s", *more]
        cpu_seconds, megabytes = _locust(words)
        samples = read_samples(folder)
        summary = json.loads((Path(folder) / "summary.json").read_text(encoding="utf-8"))
    ended = samples["intended"] + samples["response"] - summary["started_at"]
    span = RUN_SECONDS - 2 * WARM_SECONDS
    inside = np.count_nonzero((ended > WARM_SECONDS) & (ended < WARM_SECONDS + span))
    slip = summary["slip_p50_seconds"] * 1000
    return Cost(cpu_seconds, megabytes, summary["completed"], inside / span, slip)


def _locust(words: Words) -> tuple[float, float]:
    """Run Locust to its end; return the CPU seconds of all its processes and its memory in MB."""
    master = str(free_port())
    command = [sys.executable, "-m", "locust", "--headless", "--only-summary", *words]
    command += ["--loglevel", "ERROR", "--master-bind-port", master, "--master-port", master]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=ROOT, stdin=quiet, stdout=quiet, stderr=quiet)  # noqa: S603 - our own words
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"Locust ended with {process.returncode}: {' '.join(command)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def _per_request(busy: Cost, idle: Cost) -> float:
    """CPU microseconds of one request: what a busy run took more than one with few requests."""
    requests = busy.completed - idle.completed
    return (busy.cpu_seconds - idle.cpu_seconds) / requests * 1e6


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)


def speed(url: str, say: Callable[[str], None]) -> float:
    """Compare throughputs on one core, turn by turn; return the plain one."""
    usual, ratios = [], []
    for _ in range(ROUNDS):
        usual.append(plain(url).throughput)
        ratios.append(ours(url, 1.3 * usual[-1]).throughput / usual[-1])
    full = _median(usual)
    say(f"plain FastHttpUser, no wait: {full:.0f} requests/s on one core")
    say(f"open-loop ReadHeavy: {_median(ratios):.2f} of that (wanted: at least 0.85)")
    return full


def growth(url: str, full: float, say: Callable[[str], None]) -> None:
    """Compare CPU per request with many items, and with many processes of the same load each."""
    variants: dict[str, tuple[float, Words]] = {
        "half": (full / 2, []),
        "items": (full / 2, ["--items", "10000000"]),
        "eighth": (full / 8, []),
        "processes": (full / 2, ["--processes", "4", "-u", "4"]),
    }
    idle = {name: ours(url, 10, *words) for name, (_, words) in variants.items()}
    runs: dict[str, list[Cost]] = {name: [] for name in variants}
    for _ in range(ROUNDS):
        for name, (rate, words) in variants.items():
            runs[name].append(ours(url, rate, *words, slots=512))
    cost = {name: _median(_per_request(run, idle[name]) for run in runs[name]) for name in variants}
    slip = _median(run.slip_p50_ms or 0.0 for run in runs["half"])
    memory = max(run.peak_megabytes for run in runs["items"])
    say(f"at half load: median slip {slip:.2f} ms, {cost['half']:.0f} us of CPU a request")
    say(f"10^7 items: {cost['items'] / cost['half']:.2f} of that (wanted: at most 1.2)")
    say(f"10^7 items: {memory:.0f} MB a process (wanted: at most 250)")
    ratio = cost["processes"] / cost["eighth"]
    say(f"4 processes of an eighth each: {ratio:.2f} of the CPU of one (wanted: at most 1.15)")


def main() -> None:
    """Measure everything, saying each figure as soon as it is known."""

    def say(line: str) -> None:
        print(line, flush=True)  # noqa: T201 - a command

    with endpoint() as bare:
        full = speed(bare.url, say)
        growth(bare.url, full, say)


if __name__ == "__main__":
    main()

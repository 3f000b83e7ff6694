"""Measures what the load generator itself costs, against a bare endpoint.

Every figure is a ratio within one run: throughput on one core compared with plain Locust; how late
it sends at half of that, beside wrk; CPU per request with 10^7 items compared with 10^3, and with
four processes compared with one; memory.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from loadtests.own_cost.paced_wrk import run_wrk
from loadtests.sender.samples import read_samples
from loadtests.service_under_test.urls import page_answers
from loadtests.stack.guardian import ROOT, Guardian, StackError
from loadtests.stack.ports import free_port
from loadtests.stack.private_server import wait_until

SLOTS = 16
WRK_CONNECTIONS = 64
RUN_SECONDS = 6
WARM_SECONDS = 1.5
ROUNDS = 3
BEYOND = 4.0
"""Of plain Locust's throughput: a rate that our sender cannot reach."""

Words = list[str]


@dataclass(frozen=True)
class Cost:
    """What one run of Locust cost.

    Attributes:
        cpu_seconds: CPU time of all its processes.
        peak_megabytes: Largest resident memory of a process.
        completed: Answered requests.
        throughput: Answered requests per second, without the run's start and end.
        slip_p50_ms: Median delay of a send behind its intended time; None for plain Locust.
        slip_p99_ms: 99th percentile of it.
    """

    cpu_seconds: float
    peak_megabytes: float
    completed: int
    throughput: float
    slip_p50_ms: float | None = None
    slip_p99_ms: float | None = None


class Endpoint(NamedTuple):
    """The bare endpoint: its URL, and the process to signal together with its children."""

    url: str
    pid: int


@contextmanager
def endpoint() -> Iterator[Endpoint]:
    """Run the bare endpoint for the length of a `with` block."""
    port = free_port()
    words = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port)]
    words += ["--workers", "1", "--blocking-threads", "1", "--no-ws", "--log-level", "critical"]
    url = f"http://127.0.0.1:{port}"
    with Guardian() as guardian:
        server = guardian.start("endpoint", [*words, "loadtests.own_cost.endpoint:app"])
        wait_until(lambda: page_answers(f"{url}/fruit/1"), server, "the bare endpoint", 30)
        yield Endpoint(url, server.pid)


def run_plain_locust(url: str) -> Cost:
    """Run plain Locust at full speed."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "plain"
        words = [
            "-f",
            f"{ROOT}/loadtests/own_cost/plain_locustfile.py",
            "-u",
            str(SLOTS),
            "-r",
            "100",
        ]
        words += ["-H", url, "-t", f"{RUN_SECONDS}s", "--json-file", str(report)]
        cpu_seconds, megabytes = _run_locust(words)
        rows = json.loads(report.with_suffix(".json").read_text(encoding="utf-8"))
    by_second: dict[str, int] = {}
    for row in rows:
        for second, count in row["num_reqs_per_sec"].items():
            by_second[second] = by_second.get(second, 0) + count
    whole = [by_second[second] for second in sorted(by_second)][1:-1]
    completed = sum(by_second.values())
    return Cost(cpu_seconds, megabytes, completed, statistics.fmean(whole))


def run_open_loop(url: str, rate: float, *more: str, slots: int = SLOTS) -> Cost:
    """Run our open-loop scenario ReadHeavy at *rate* requests per second."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["-f", f"{ROOT}/loadtests/locustfile.py", "ReadHeavy", "--service-url", url]
        words += ["--rate", f"{rate:.0f}", "--max-in-flight", str(slots), "--record", folder]
        words += ["--max-wait-seconds", "120", "-t", f"{RUN_SECONDS}s", *more]
        cpu_seconds, megabytes = _run_locust(words)
        samples = read_samples(folder)
        summary = json.loads((Path(folder) / "summary.json").read_text(encoding="utf-8"))
    ended = samples["intended"] + samples["response"] - summary["started_at"]
    span = RUN_SECONDS - 2 * WARM_SECONDS
    inside = np.count_nonzero((ended > WARM_SECONDS) & (ended < WARM_SECONDS + span))
    if not summary["completed"]:
        raise StackError(
            f"Locust had no answer within {RUN_SECONDS} s of its start; leave the machine idle"
        )
    slips = (summary[f"slip_{name}_seconds"] * 1000 for name in ("p50", "p99"))
    return Cost(cpu_seconds, megabytes, summary["completed"], inside / span, *slips)


def _run_locust(words: Words) -> tuple[float, float]:
    """Run Locust to its end; return CPU seconds of all its processes and peak memory in MB."""
    master = str(free_port())
    command = [
        sys.executable,
        "-m",
        "loadtests.clean_locust",
        "--headless",
        "--only-summary",
        *words,
    ]
    command += ["--loglevel", "ERROR", "--master-bind-port", master, "--master-port", master]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=ROOT, stdin=quiet, stdout=quiet, stderr=quiet)  # noqa: S603 - our own arguments
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise StackError(f"Locust ended with {process.returncode}; try it: {' '.join(command)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def _per_request(busy: Cost, idle: Cost) -> float:
    """Return CPU microseconds per request: the difference to a run with few requests."""
    requests = busy.completed - idle.completed
    return (busy.cpu_seconds - idle.cpu_seconds) / requests * 1e6


def compare_speed(url: str, say: Callable[[str], None]) -> float:
    """Compare throughput on one core with plain Locust, in alternation; return plain Locust's."""
    usual, ratios = [], []
    for _ in range(ROUNDS):
        usual.append(run_plain_locust(url).throughput)
        ratios.append(run_open_loop(url, BEYOND * usual[-1]).throughput / usual[-1])
    full = statistics.median(usual)
    say(f"plain FastHttpUser, no wait: {full:.0f} requests/s on one core")
    say(f"open-loop ReadHeavy: {statistics.median(ratios):.2f} of that (wanted: at least 1.6)")
    return full


def compare_growth(url: str, full: float, say: Callable[[str], None]) -> None:
    """Compare CPU per request: many items with few, and four processes with one."""
    variants: dict[str, tuple[float, Words]] = {
        "half": (full / 2, []),
        "items": (full / 2, ["--items", "10000000"]),
        "eighth": (full / 8, []),
        "processes": (full / 2, ["--processes", "4", "-u", "4"]),
    }
    idle = {name: run_open_loop(url, 10, *words) for name, (_, words) in variants.items()}
    runs: dict[str, list[Cost]] = {name: [] for name in variants}
    for _ in range(ROUNDS):
        for name, (rate, words) in variants.items():
            runs[name].append(run_open_loop(url, rate, *words, slots=512))
    cost = {
        name: statistics.median(_per_request(run, idle[name]) for run in runs[name])
        for name in variants
    }
    memory = max(run.peak_megabytes for run in runs["items"])
    p50 = statistics.median(run.slip_p50_ms or 0.0 for run in runs["half"])
    p99 = statistics.median(run.slip_p99_ms or 0.0 for run in runs["half"])
    say(f"at half load: slip p50 {p50:.2f} ms, p99 {p99:.2f} ms, {cost['half']:.0f} us a request")
    compare_slip(url, full / 2, say)
    say(f"10^7 items: {cost['items'] / cost['half']:.2f} of that (wanted: at most 1.2)")
    say(f"10^7 items: {memory:.0f} MB a process (wanted: at most 250)")
    ratio = cost["processes"] / cost["eighth"]
    say(f"4 processes of an eighth each: {ratio:.2f} of the CPU of one (wanted: at most 1.15)")


def compare_slip(url: str, rate: float, say: Callable[[str], None]) -> None:
    """Say how late wrk sends at the same rate, and which others are left out."""
    try:
        runs = [run_wrk(url, rate, WRK_CONNECTIONS, 1000, RUN_SECONDS) for _ in range(ROUNDS)]
    except StackError as error:
        say(f"wrk is left out: {error}")
    else:
        p50, p99, answered = (
            statistics.median(getattr(run, name) for run in runs)
            for name in ("slip_p50_ms", "slip_p99_ms", "rate")
        )
        say(f"wrk beside it: slip p50 {p50:.2f} ms, p99 {p99:.2f} ms, at {answered:.0f} requests/s")
    say("oha is left out: Debian has no package of it, and it does not tell how late it sends")


def measure(say: Callable[[str], None]) -> None:
    """Measure everything, and report each figure as soon as it is known."""
    with endpoint() as bare:
        full = compare_speed(bare.url, say)
        compare_growth(bare.url, full, say)

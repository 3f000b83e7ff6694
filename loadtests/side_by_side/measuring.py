"""Measures every case in turn, then what the service costs besides."""

import os
import platform
import time
import urllib.request
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from loadtests.side_by_side.cases import BARE_GET, CASES, SERVICE, Case
from loadtests.side_by_side.contenders import DEFAULT_THREADS, ContenderServer
from loadtests.side_by_side.figures import figures_of, line_of
from loadtests.side_by_side.pairs import measure_pair
from loadtests.side_by_side.stage import Measured, Stage, fill_catalogue, require_answers, stage

PAIRS = 3
LOOKUPS = 1_000_000
STARTS = 3

Say = Callable[[str], None]
Bursts = tuple[list[Measured], list[Measured]]
"""Of the service and of its rival, pair by pair."""


def measure(say: Say, pairs: int = PAIRS, lookups: int = LOOKUPS) -> dict[str, Any]:
    """Measure everything and return it as JSON holds it.

    Two processes of one program are further apart than two bursts of one process, so each pair has
    processes of its own.

    Args:
        say: Receives a line for each figure, as soon as it is known.
        pairs: How many pairs each ratio rests on.
        lookups: After how many lookups /metrics and memory are measured.
    """
    began = time.monotonic()
    bursts: list[Bursts] = [([], []) for _ in CASES]
    with stage() as here:
        for line in (f"{os.cpu_count()} cores: {here.placement.sentence}", *here.lines):
            say(line)
        for number in range(pairs):
            service = here.server(SERVICE, DEFAULT_THREADS)
            fill_catalogue(service)
            resident = service.resident_bytes()
            for case, (ones, others) in zip(CASES, bursts, strict=True):
                one, other = _compare(here, case, number)
                say(f"pair {number + 1} of {pairs}, {line_of(case, one, other)}")
                ones.append(one)
                others.append(other)
            if number == pairs - 1:
                costs = _costs(here, service, resident, lookups)
            here.stop_all()
    for name, value in costs.items():
        say(f"{name}: {value}")
    return {
        "format": 1,
        "cores": os.cpu_count(),
        "placement": here.placement.sentence,
        "python": platform.python_version(),
        "programs": here.lines,
        "pairs": pairs,
        "seconds": round(time.monotonic() - began),
        "cases": [figures_of(case, *found) for case, found in zip(CASES, bursts, strict=True)],
        "costs": costs,
    }


def _compare(here: Stage, case: Case, number: int) -> tuple[Measured, Measured]:
    """Measure the pair of a number; leave only the service itself running."""
    ours = here.server(case.service, case.threads, on_one_core=case.on_one_core)
    rival = here.server(case.rival, case.threads, on_one_core=case.on_one_core)
    found = measure_pair(
        lambda: here.measure(ours, case.script, case.service.switch),
        lambda: here.measure(rival, case.script, case.rival.switch),
        number,
    )
    here.stop(rival)
    if case.service != SERVICE:
        here.stop(ours)
    return found


def _costs(
    here: Stage, service: ContenderServer, resident: int, lookups: int
) -> dict[str, int | float]:
    """Return what the service costs after many lookups, and at its start."""
    # The writes before have removed the entry that others look for.
    here.wrk.send(service.url, 1.0)
    answered = _lookups(service)
    while answered < lookups:
        burst = here.wrk.send(service.url, max(1.0, min(10.0, (lookups - answered) / 10_000)))
        require_answers(burst, service.name)
        answered += burst.requests
    seconds, size = _read_metrics(service)
    bare = here.server(BARE_GET, DEFAULT_THREADS)
    return {
        "lookups": answered,
        "metrics_ms": round(seconds * 1000, 2),
        "metrics_bytes": size,
        "memory_mb": round(service.resident_bytes() / 1e6, 1),
        "memory_growth_ratio": round(service.resident_bytes() / resident - 1, 4),
        "bare_memory_mb": round(bare.resident_bytes() / 1e6, 1),
        "start_seconds": _start(here, STARTS),
        "bare_start_seconds": round(
            median(here.seconds_to_start(BARE_GET, DEFAULT_THREADS) for _ in range(STARTS)), 2
        ),
    }


def _start(here: Stage, starts: int) -> float:
    return round(median(here.seconds_to_start(SERVICE, DEFAULT_THREADS) for _ in range(starts)), 2)


def _lookups(service: ContenderServer) -> int:
    with urllib.request.urlopen(  # noqa: S310 - our own server
        f"{service.base}/metrics?name[]=cacheaside_lookups_total", timeout=10
    ) as page:
        lines: Sequence[str] = page.read().decode().splitlines()
    return sum(int(float(line.split()[-1])) for line in lines if not line.startswith("#"))


def _read_metrics(service: ContenderServer) -> tuple[float, int]:
    """Return the least time in which /metrics was read, and its size."""
    times, size = [], 0
    for _ in range(10):
        began = time.perf_counter()
        with urllib.request.urlopen(f"{service.base}/metrics", timeout=10) as page:  # noqa: S310
            size = len(page.read())
        times.append(time.perf_counter() - began)
    return min(times), size

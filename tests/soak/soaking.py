"""A soak: steady traffic with writes at a share of the capacity, while the knobs go round."""

import math
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from loadtests.sender.samples import RESULT_INDEX, read_samples
from loadtests.stack.local import LocalStack
from service.domain.knobs import Knobs
from tests.drills.counts import sum_metric
from tests.drills.knob_control import set_knobs
from tests.integration.load.locust_load import LocustProcess
from tests.soak.slopes import Slope, round_means, slope
from tests.soak.table import LATENCY
from tests.soak.watching import Watch

SHARE = 0.7
"""Of the capacity."""
# Connections that a burst opens stay open, so that their number is bounded from the start.
TRAFFIC = ("ReadWrite", "--write-ratio", "0.05", "--items", "2000", "--max-in-flight", "64")
OVERLOAD = ("--rate", "20000", "--arrivals", "paced")
CAPACITY_SECONDS = 10.0
TURNS: tuple[dict[str, float | str], ...] = (
    {"protection": "lease", "ttl_seconds": 2},
    {"protection": "single-flight", "ttl_seconds": 60},
    {"protection": "early", "ttl_seconds": 5},
    {"protection": "stale", "ttl_seconds": 2, "stale_seconds": 5},
    {"protection": "none", "ttl_seconds": 10, "ttl_jitter_ratio": 0.5},
    {"protection": "single-flight", "near_seconds": 1, "shadow_ratio": 0.01},
)
"""The knobs of one round, in this order; every round has all of them."""
WARM_UP_ROUNDS = 4
JUDGED_ROUNDS = 12
LOOKS_A_ROUND = 24
SAMPLES_AT_LEAST = 20


@dataclass(frozen=True)
class Soak:
    """What a soak was and found.

    Attributes:
        capacity: Requests a second that service and load generator manage together.
        rate: Requests a second that were sent.
        seconds: How long, warm-up included.
        requests: How many requests the service answered.
        failed: How many of the lookups failed or were not sent in time.
        errors_500: How many answers were 500.
        slopes: By program and figure.
    """

    capacity: float
    rate: float
    seconds: float
    requests: int
    failed: int
    errors_500: int
    slopes: dict[tuple[str, str], Slope]


def capacity(stack: LocalStack, folder: Path) -> float:
    """Return the requests a second that are answered when more are sent than can be.

    They are measured under the knobs that cost the most.
    """
    (url,) = stack.service_urls
    set_knobs([url], **Knobs().as_json_object() | TURNS[0])
    folder.mkdir()
    with LocustProcess(folder, url, *OVERLOAD, *TRAFFIC) as load:
        load.until_started()
        time.sleep(CAPACITY_SECONDS / 5)
        before, began = _requests(url), time.monotonic()
        time.sleep(CAPACITY_SECONDS)
        answered = _requests(url) - before
        return answered / (time.monotonic() - began)


def soak(
    stack: LocalStack,
    folder: Path,
    minutes: float,
    rate: float,
    *,
    full: float,
    confidence: float,
    say: Callable[[str], None],
) -> Soak:
    """Send traffic for some minutes; return how everything moved after the warm-up."""
    (url,) = stack.service_urls
    seconds = 60 * minutes
    round_seconds = seconds / (WARM_UP_ROUNDS + JUDGED_ROUNDS)
    folder.mkdir()
    before = _requests(url)
    with LocustProcess(folder, url, "--rate", f"{rate:.0f}", *TRAFFIC) as load:
        load.until_started()
        programs = {"service": stack.services[0].pid, "redis": stack.redis.pid}
        programs["load generator"] = load.process.pid
        began = time.time()
        with Watch(programs, round_seconds / LOOKS_A_ROUND) as watch:
            for number in range(WARM_UP_ROUNDS + JUDGED_ROUNDS):
                say(f"round {number + 1} of {WARM_UP_ROUNDS + JUDGED_ROUNDS}")
                for turn, knobs in enumerate(TURNS):
                    set_knobs([url], **Knobs().as_json_object() | knobs)
                    due = began + (number + (turn + 1) / len(TURNS)) * round_seconds
                    time.sleep(max(0.0, due - time.time()))
        load.stop()
    judged = range(WARM_UP_ROUNDS, WARM_UP_ROUNDS + JUDGED_ROUNDS)
    rounds = {
        of: round_means(samples, began, round_seconds, judged)
        for of, samples in watch.series.items()
    }
    lookups = read_samples(load.record)
    rounds |= _latencies(lookups, began, round_seconds, judged)
    bad = [RESULT_INDEX[word] for word in ("failed", "dropped")]
    return Soak(
        capacity=full,
        rate=rate,
        seconds=seconds,
        requests=round(_requests(url) - before),
        failed=int(np.isin(lookups["result"], bad).sum()),
        errors_500=sum_metric([url], "cacheaside_http_requests_total", "status")["500"],
        slopes={of: slope(means, confidence) for of, means in rounds.items()},
    )


def _latencies(
    lookups: "np.ndarray[tuple[int], np.dtype[np.void]]",
    began: float,
    round_seconds: float,
    rounds: range,
) -> dict[tuple[str, str], list[tuple[float, float]]]:
    """Return the middle of each round with the median and p99 of its hits and misses, in ms."""
    found = defaultdict(list)
    numbers = np.floor((lookups["intended"] - began) / round_seconds)
    for number in rounds:
        within = lookups[numbers == number]
        for word in ("hit", "miss"):
            ms = 1000 * within["response"][within["result"] == RESULT_INDEX[word]]
            if len(ms) >= SAMPLES_AT_LEAST:
                for name, share in (("median", 0.5), ("p99", 0.99)):
                    at = (number + 0.5) * round_seconds
                    found[f"of a {word}, {name}", LATENCY].append(
                        (at, float(np.quantile(ms, share)))
                    )
    return {of: means for of, means in found.items() if len(means) == len(rounds)}


def _requests(url: str) -> float:
    counts = sum_metric([url], "cacheaside_http_requests_total", "route")
    return math.fsum(number for route, number in counts.items() if route.startswith("/fruit"))

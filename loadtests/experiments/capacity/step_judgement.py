"""Judges a step: whether the p99 of all lookups stays below the bound, and whose limit it met."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadtests.experiments.capacity.rate_search import Tried, Verdict
from loadtests.experiments.figures.doubts import BUSY_CPU_RATIO, LATE_SECONDS
from loadtests.experiments.figures.intervals import FEWEST_BEYOND, mean_interval, quantile
from loadtests.experiments.figures.sampled_lookups import WITHOUT_VALUE, ended_in, slip_of
from loadtests.experiments.records.samples_file import Samples
from loadtests.output.figure_text import percent_text

SHARE_BEYOND = 0.01
"""The share of lookups that a 99th percentile leaves beyond it."""

FEWEST_LOOKUPS = round(FEWEST_BEYOND / SHARE_BEYOND)
"""Fewer lookups do not tell a 99th percentile."""

BATCHES = 10
FAR_SHARE = 0.3
"""If this share of the lookups is too slow, no pause of the machine explains it."""

FEW_QUEUED_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a step says of the bound.

    Attributes:
        verdict: Whether it holds; unsure if the interval allows both.
        beyond: The share of lookups that were slower than the bound, or got no value.
        low: Lower end of its 95 % interval, by batches of time; None if unknown.
        high: Upper end.
        generator: Why the load generator's own limit came first; None if it did not.
    """

    verdict: Verdict
    beyond: float | None
    low: float | None
    high: float | None
    generator: str | None

    def tried(self, rate: float) -> Tried:
        """Return this as a step of the search."""
        return Tried(rate, self.verdict, far=(self.beyond or 0.0) >= FAR_SHARE)


def judge(
    samples: Samples, seconds: float, bound_seconds: float, load: Mapping[str, Any] | None
) -> Judgement:
    """Judge the lookups that were meant to start within the measured time of a step.

    A lookup without a value counts as slower than any bound: a quick refusal is no answer.

    Args:
        samples: Those lookups; `intended` in seconds after the measured time began.
        seconds: Its length.
        bound_seconds: The bound of the p99.
        load: The load generator's summary; None if it left none.
    """
    if load is None or len(samples) < FEWEST_LOOKUPS:
        return Judgement("breaks", None, None, None, _own_limit(samples, None, load or {}))
    slow = _beyond(samples, "response", bound_seconds)
    batch = np.minimum((samples["intended"] / seconds * BATCHES).astype(int), BATCHES - 1)
    shares = [float(slow[batch == each].mean()) for each in range(BATCHES) if (batch == each).any()]
    interval = mean_interval(shares)
    beyond = float(slow.mean())
    if interval is None:
        return Judgement("unsure", beyond, None, None, None)
    low, high = max(0.0, interval.low), min(1.0, interval.high)
    verdict: Verdict = "unsure"
    if high < SHARE_BEYOND:
        verdict = "holds"
    elif low > SHARE_BEYOND:
        verdict = "breaks"
    of_service = float(_beyond(samples, "service", bound_seconds).mean())
    own = None if verdict == "holds" else _own_limit(samples, of_service, load)
    return Judgement(verdict, beyond, low, high, own)


def _beyond(samples: Samples, clock: str, bound_seconds: float) -> NDArray[np.bool_]:
    slow: NDArray[np.bool_] = ~(samples[clock] <= bound_seconds)  # Also what has no time.
    return slow | ended_in(samples, WITHOUT_VALUE)


def _own_limit(samples: Samples, of_service: float | None, load: Mapping[str, Any]) -> str | None:
    """Return why the load generator itself is what was slow; None if the service was.

    The service was if the lookups were too slow also on the clock that starts with their sending,
    or if they waited because it kept all slots busy.
    """
    cpu = load.get("cpu_ratio")
    if cpu is not None and cpu >= BUSY_CPU_RATIO:
        return f"it used {percent_text(cpu)} of a core"
    queued, arrivals = load.get("queued") or 0, load.get("arrivals") or 0
    if of_service is None or of_service > SHARE_BEYOND or queued > FEW_QUEUED_SHARE * arrivals:
        return None
    slip = quantile(slip_of(samples), 1 - SHARE_BEYOND)
    if slip is None or slip <= LATE_SECONDS:
        return None
    return f"1 % of the lookups were sent at least {slip * 1000:.0f} ms late"

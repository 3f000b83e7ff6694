"""Compares two sweeps, metric by metric and TTL by TTL."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import NamedTuple

import numpy as np
from scipy.stats import ks_2samp

from loadtests.experiments.comparison.batches import (
    MOST_BATCHES,
    batches_for,
    cut,
    lookups_of,
    miss_rate_of,
    quantile_half_width,
    quantile_of,
    response_ms,
)
from loadtests.experiments.comparison.difference import Difference, Metric, difference
from loadtests.experiments.comparison.pairing import Pair
from loadtests.experiments.figures.sampled_lookups import sampled_hit_ratio
from loadtests.experiments.plan.axes import Values
from loadtests.experiments.records.samples_file import Samples

RELEVANT_POINTS, RELEVANT_SHARE = 0.005, 0.05
_HIT_RATIO = Metric("hit ratio", "", False, RELEVANT_POINTS, False)
_MISSES = Metric("store reads", "per second", True, RELEVANT_SHARE, True)
_QUANTILES = {
    quantile: Metric(f"p{quantile * 100:.0f}", "ms", True, RELEVANT_SHARE, True)
    for quantile in (0.5, 0.95, 0.99)
}
_UNSEEN_95 = 3.0
"""What did not happen in n tries happens, with 95 % confidence, at most this often in n others."""

_SHAPE_CONFIDENCE, _SHAPE_DISTANCE = 0.99, 0.05

Value = Callable[[Samples], float | None]


class Shape(NamedTuple):
    """Whether response times are distributed otherwise, by the test of Kolmogorov and Smirnov.

    Attributes:
        ttl_seconds: TTL of the trials.
        distance: Largest difference of the shares of answers within a time.
        changed: Whether it is both significant (99 %) and above 5 points.
        values: One value of each axis of the plans.
    """

    ttl_seconds: float
    distance: float
    changed: bool
    values: Values


class Comparison(NamedTuple):
    """What two runs differ in.

    Attributes:
        differences: By the values of the axes, TTL and metric.
        shapes: By the values of the axes and TTL.
        single: Whether every one of them has one pair only, which does not tell a change of the
            code from a change of the machine between the runs.
    """

    differences: list[Difference]
    shapes: list[Shape]
    single: bool


def compare(pairs: Sequence[Pair]) -> Comparison:
    """Compare the pairs of two runs, sorted by the values of the axes and by TTL."""
    alike = [list(same) for _, same in groupby(pairs, lambda pair: (pair.values, pair.ttl_seconds))]
    differences = [
        replace(each, values=dict(same[0].values))
        for same in alike
        for each in _differences(same[0].ttl_seconds, same)
    ]
    shapes = [_shape(same[0].ttl_seconds, same) for same in alike]
    return Comparison(differences, shapes, all(len(same) == 1 for same in alike))


def _differences(ttl: float, pairs: Sequence[Pair]) -> list[Difference]:
    seconds = sum(_seconds(pair.first.samples) for pair in pairs)
    found = _of_results(ttl, pairs, seconds)
    fewest = min(min(len(pair.first.samples), len(pair.second.samples)) for pair in pairs)
    for quantile, metric in _QUANTILES.items():
        value, count = partial(quantile_of, quantile=quantile), batches_for(quantile, fewest)
        of_batches = _of(metric, ttl, pairs, value, count)
        found.append(of_batches if count > 1 else _by_ranks(of_batches, pairs, quantile))
    return found


def _of_results(ttl: float, pairs: Sequence[Pair], seconds: float) -> list[Difference]:
    """Return the differences of what answers say of the cache; nothing where they do not say it."""
    if all(sampled_hit_ratio(pair.first.samples) is None for pair in pairs):
        return _told_by_others(ttl, pairs, seconds)
    lookups = min(_lookups(pairs, "first"), _lookups(pairs, "second"))
    unseen = _UNSEEN_95 / max(lookups, 1)
    hits = _of(_HIT_RATIO, ttl, pairs, sampled_hit_ratio, MOST_BATCHES, finest=unseen)
    length = seconds / len(pairs) / MOST_BATCHES
    misses = [
        [
            (miss_rate_of(before, length), miss_rate_of(after, length))
            for before, after in zip(*_both(pair, MOST_BATCHES), strict=True)
        ]
        for pair in pairs
    ]
    whole = [float(np.mean([each[i] for batches in misses for each in batches])) for i in (0, 1)]
    unseen = _UNSEEN_95 / seconds if seconds else 0.0
    return [hits, difference(_MISSES, ttl, misses, (whole[0], whole[1]), seconds, finest=unseen)]


def _told_by_others(ttl: float, pairs: Sequence[Pair], seconds: float) -> list[Difference]:
    """Return the difference of hit ratios that Redis or other counters tell, a trial at a time."""
    ratios = [
        (before, after)
        for pair in pairs
        if (before := pair.first.figures.hit_ratio) is not None
        and (after := pair.second.figures.hit_ratio) is not None
    ]
    if not ratios:
        return []
    whole = [float(np.mean(each)) for each in zip(*ratios, strict=True)]
    of_pairs = [[each] for each in ratios]
    return [difference(_HIT_RATIO, ttl, of_pairs, (whole[0], whole[1]), seconds)]


def _by_ranks(batched: Difference, pairs: Sequence[Pair], quantile: float) -> Difference:
    """Return the difference of a quantile that is too far out for batches, by order statistics."""
    halves = [
        quantile_half_width(np.concatenate([side.samples for side in sides]), quantile)
        for sides in ([pair.first for pair in pairs], [pair.second for pair in pairs])
    ]
    first, second = batched.first, batched.second
    if first is None or second is None or halves[0] is None or halves[1] is None:
        return replace(batched, change=None, low=None, high=None)
    half, change = math.hypot(halves[0], halves[1]), second - first
    if batched.low is not None and batched.high is not None:
        # Several pairs differ also by what the machine did meanwhile.
        half = max(half, (batched.high - batched.low) / 2)
    return replace(batched, change=change, low=change - half, high=change + half)


def _of(  # noqa: PLR0913 - one figure of one TTL
    metric: Metric,
    ttl: float,
    pairs: Sequence[Pair],
    value: Value,
    batches: int,
    *,
    finest: float = 0.0,
) -> Difference:
    values = [
        [
            (first, second)
            for before, after in zip(*_both(pair, batches), strict=True)
            if (first := value(before)) is not None and (second := value(after)) is not None
        ]
        for pair in pairs
    ]
    firsts = value(np.concatenate([pair.first.samples for pair in pairs]))
    seconds = value(np.concatenate([pair.second.samples for pair in pairs]))
    length = sum(_seconds(pair.first.samples) for pair in pairs)
    return difference(metric, ttl, values, (firsts, seconds), length, finest=finest)


def _both(pair: Pair, batches: int) -> tuple[list[Samples], list[Samples]]:
    return cut(pair.first.samples, batches), cut(pair.second.samples, batches)


def _lookups(pairs: Sequence[Pair], side: str) -> int:
    return sum(lookups_of(getattr(pair, side).samples) for pair in pairs)


def _seconds(samples: Samples) -> float:
    return float(np.ptp(samples["intended"])) if len(samples) else 0.0


def _shape(ttl: float, pairs: Sequence[Pair]) -> Shape:
    times = []
    for side in ("first", "second"):
        samples = np.concatenate([getattr(pair, side).samples for pair in pairs])
        times.append(response_ms(samples))
    if not (times[0].size and times[1].size):
        return Shape(ttl, 0.0, False, dict(pairs[0].values))
    test = ks_2samp(*times)
    significant = test.pvalue < 1 - _SHAPE_CONFIDENCE
    distance = float(test.statistic)
    changed = bool(significant and distance > _SHAPE_DISTANCE)
    return Shape(ttl, distance, changed, dict(pairs[0].values))

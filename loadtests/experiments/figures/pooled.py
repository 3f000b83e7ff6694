"""Repetitions of one setting, taken together: only trusted ones, and never the best of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from loadtests.experiments.figures.axes.combinations import by_combination
from loadtests.experiments.figures.intervals import pooled_interval
from loadtests.experiments.figures.trial_figures import TrialFigures
from loadtests.service_under_test.contract import Knob


@dataclass(frozen=True, slots=True)
class Pooled:
    """The trusted repetitions of one TTL with one combination, taken together.

    Attributes:
        ttl_seconds: The TTL.
        hit_ratio: Mean of the repetitions.
        low: Lower end of its 95 % interval; the mean itself where trials have no interval.
        high: Upper end likewise.
        trials: How many repetitions there are.
        store_queries_per_second: Mean of the repetitions; None if unknown.
        values: One value of each axis of the plan, by its name.
    """

    ttl_seconds: float
    hit_ratio: float
    low: float
    high: float
    trials: int
    store_queries_per_second: float | None
    values: Mapping[str, Knob] = field(default_factory=dict)


def pool(trials: list[TrialFigures]) -> list[Pooled]:
    """Return the pooled repetitions of all that has a trusted hit ratio.

    They come by combination in the order of the trials, and then by TTL.
    """
    return [pooled for _, same in by_combination(trials) for pooled in _pool_ttls(same)]


def _pool_ttls(trials: list[TrialFigures]) -> list[Pooled]:
    by_ttl: dict[float, list[TrialFigures]] = {}
    for trial in sorted(trials, key=lambda trial: trial.ttl_seconds):
        if trial.trusted and trial.hit_ratio is not None:
            by_ttl.setdefault(trial.ttl_seconds, []).append(trial)
    return [_pooled(ttl, repetitions) for ttl, repetitions in by_ttl.items()]


def doubted_ttls(trials: list[TrialFigures]) -> list[float]:
    """Return the TTLs of which no trial is trusted, in order; 0 has no hit ratio to doubt.

    Args:
        trials: Those of one combination.
    """
    known = {each.ttl_seconds for each in pool(trials)}
    doubted = {trial.ttl_seconds for trial in trials if not trial.trusted}
    return sorted(doubted - known - {0.0})


def _pooled(ttl: float, trials: list[TrialFigures]) -> Pooled:
    ratios = [trial.hit_ratio or 0.0 for trial in trials]
    mean = low = high = sum(ratios) / len(ratios)
    errors = [trial.hit_ratio_error for trial in trials if trial.hit_ratio_error is not None]
    if len(errors) == len(trials):
        low, high, _ = pooled_interval(ratios, errors, [trial.batches for trial in trials])
    queries = [trial.store_queries_per_second for trial in trials]
    known = [rate for rate in queries if rate is not None]
    rate = sum(known) / len(known) if known else None
    return Pooled(ttl, mean, low, high, len(trials), rate, trials[0].values)

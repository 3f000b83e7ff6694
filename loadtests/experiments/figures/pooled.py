"""Repetitions of one setting, taken together: only trusted ones, and never the best of them."""

from dataclasses import dataclass

from loadtests.experiments.figures.intervals import pooled_interval
from loadtests.experiments.figures.trial_figures import TrialFigures


@dataclass(frozen=True, slots=True)
class Pooled:
    """The trusted repetitions of one TTL, taken together.

    Attributes:
        ttl_seconds: The TTL.
        hit_ratio: Mean of the repetitions.
        low: Lower end of its 95 % interval; the mean itself where trials have no interval.
        high: Upper end likewise.
        trials: How many repetitions there are.
        store_queries_per_second: Mean of the repetitions; None if unknown.
    """

    ttl_seconds: float
    hit_ratio: float
    low: float
    high: float
    trials: int
    store_queries_per_second: float | None


def pool(trials: list[TrialFigures]) -> list[Pooled]:
    """Return the pooled repetitions of every TTL that has a trusted hit ratio, by TTL."""
    by_ttl: dict[float, list[TrialFigures]] = {}
    for trial in sorted(trials, key=lambda trial: trial.ttl_seconds):
        if trial.trusted and trial.hit_ratio is not None:
            by_ttl.setdefault(trial.ttl_seconds, []).append(trial)
    return [_pooled(ttl, repetitions) for ttl, repetitions in by_ttl.items()]


def doubted_ttls(trials: list[TrialFigures]) -> list[float]:
    """Return the TTLs of which no trial is trusted, in order; 0 has no hit ratio to doubt."""
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
    return Pooled(ttl, mean, low, high, len(trials), sum(known) / len(known) if known else None)

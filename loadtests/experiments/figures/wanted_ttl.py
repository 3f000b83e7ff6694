"""The answer to the question of a sweep: which TTL reaches the wanted hit ratio."""

import math
from dataclasses import dataclass

from loadtests.experiments.figures.trial_figures import TrialFigures


@dataclass(frozen=True, slots=True)
class Pooled:
    """The trusted repetitions of one TTL, taken together.

    Attributes:
        ttl_seconds: The TTL.
        hit_ratio: Mean of the repetitions.
        low: Lower end of its 95 % interval; the mean itself where trials have no interval.
        high: Upper end likewise.
    """

    ttl_seconds: float
    hit_ratio: float
    low: float
    high: float


def pool(trials: list[TrialFigures]) -> list[Pooled]:
    """Return the pooled repetitions of every TTL that has a trusted hit ratio, by TTL."""
    by_ttl: dict[float, list[TrialFigures]] = {}
    for trial in sorted(trials, key=lambda trial: trial.ttl_seconds):
        if trial.trusted and trial.hit_ratio is not None:
            by_ttl.setdefault(trial.ttl_seconds, []).append(trial)
    return [_pooled(ttl, repetitions) for ttl, repetitions in by_ttl.items()]


def wanted_ttl_sentence(wanted: float, trials: list[TrialFigures]) -> str:
    """Return which TTL reaches the wanted hit ratio, or why that is unknown."""
    pooled = pool(trials)
    reaching = next((each for each in pooled if each.low >= wanted), None)
    below = math.inf if reaching is None else reaching.ttl_seconds
    unknown = ", and ".join(
        [
            f"TTL {ttl:g} s is doubted"
            for ttl in sorted({trial.ttl_seconds for trial in trials if not trial.trusted})
            if 0 < ttl < below and ttl not in {each.ttl_seconds for each in pooled}
        ]
        + [
            f"TTL {each.ttl_seconds:g} s is too close to call ({each.low:.3f} to {each.high:.3f})"
            for each in pooled
            if each.low < wanted <= each.high and each.ttl_seconds < below
        ]
    )
    if reaching is not None:
        found = (
            f"The smallest TTL measured that reaches a hit ratio of {wanted:g} is "
            f"{reaching.ttl_seconds:g} s ({reaching.hit_ratio:.3f})."
        )
        return f"{found} Whether a smaller one does is unknown: {unknown}." if unknown else found
    best = max(pooled, key=lambda each: each.hit_ratio, default=None)
    the_best = f"the best is {best.hit_ratio:.3f} at {best.ttl_seconds:g} s" if best else ""
    if unknown:
        ending = f"; of the trusted ones {the_best}" if best else ""
        return f"Whether a TTL reaches a hit ratio of {wanted:g} is unknown: {unknown}{ending}."
    if best is None:
        return f"Whether a TTL reaches a hit ratio of {wanted:g} is unknown: no trial has one."
    return f"No TTL measured reaches a hit ratio of {wanted:g}: {the_best}."


def _pooled(ttl: float, trials: list[TrialFigures]) -> Pooled:
    ratios = [trial.hit_ratio or 0.0 for trial in trials]
    mean = sum(ratios) / len(ratios)
    halves = [
        (trial.hit_ratio_high - trial.hit_ratio_low) / 2
        for trial in trials
        if trial.hit_ratio_low is not None and trial.hit_ratio_high is not None
    ]
    half = math.hypot(*halves) / len(ratios)
    return Pooled(ttl, mean, mean - half, mean + half)

"""What the axes of a plan do, in sentences: only where intervals are apart."""

from collections.abc import Iterator

from loadtests.experiments.figures.axes.combinations import by_combination, ttls_of
from loadtests.experiments.figures.pooled import Pooled, doubted_ttls, pool
from loadtests.experiments.figures.trial_figures import TrialFigures
from loadtests.experiments.plan.axes import values_text
from loadtests.experiments.records.records import RunRecord

_MOST_NAMED = 3


def between_combinations(run: RunRecord, trials: list[TrialFigures]) -> Iterator[str]:
    """Yield which combination has the highest hit ratio and which the lowest, for each TTL."""
    ttls = ttls_of(trials)
    for ttl in ttls:
        same = [trial for trial in trials if trial.ttl_seconds == ttl]
        pooled = sorted(pool(same), key=lambda each: each.hit_ratio)
        if len(pooled) > 1:
            yield f"At a TTL of {ttl:g} s {_spread(pooled[0], pooled[-1])}."
    if len(ttls) > 1:
        return  # What is known of each TTL is said with its combination.
    if run.wanted_hit_ratio is not None:
        yield _reaching(run.wanted_hit_ratio, pool(trials))
    doubted = [values_text(values) for values, one in by_combination(trials) if doubted_ttls(one)]
    if 0 < len(doubted) <= _MOST_NAMED:
        yield f"What {'; '.join(doubted)} does is unknown: no trial of it is trusted."
    elif doubted:
        yield f"What {len(doubted)} combinations do is unknown: no trial of them is trusted."


def _spread(lowest: Pooled, highest: Pooled) -> str:
    ends = (
        f"the hit ratio is lowest with {values_text(lowest.values)} ({_interval(lowest)}) and "
        f"highest with {values_text(highest.values)} ({_interval(highest)})"
    )
    return ends if lowest.high < highest.low else f"{ends}, but their intervals overlap"


def _interval(pooled: Pooled) -> str:
    return f"{pooled.hit_ratio:.3f}, {pooled.low:.3f} to {pooled.high:.3f}"


def _reaching(wanted: float, pooled: list[Pooled]) -> str:
    found = [values_text(each.values) for each in pooled if each.low >= wanted]
    if found:
        return f"A hit ratio of {wanted:g} is reached with {'; '.join(found)}."
    return f"No combination measured is sure to reach a hit ratio of {wanted:g}."

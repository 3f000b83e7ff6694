"""The conclusions of a sweep in sentences, drawn only from trials that are not doubted."""

import math
from collections import Counter
from collections.abc import Iterator

from loadtests.experiments.figures.axes.combination_sentences import between_combinations
from loadtests.experiments.figures.axes.combinations import by_combination, ttls_of
from loadtests.experiments.figures.pooled import Pooled, doubted_ttls, pool
from loadtests.experiments.figures.staleness_figures import staleness_sentences
from loadtests.experiments.figures.trial_figures import TrialFigures
from loadtests.experiments.plan.axes import values_text
from loadtests.experiments.records.records import RunRecord
from loadtests.output.figure_text import percent_text
from loadtests.service_under_test.contract import count_hits

CLOSE_RATIO = 0.01
CLOSE_STANDARD_ERRORS = 3.0


def conclusions(run: RunRecord, trials: list[TrialFigures]) -> list[str]:
    """Return the conclusions; the last sentences count the trials that were left out."""
    trusted = [trial for trial in trials if trial.trusted and trial.hit_ratio is not None]
    groups = by_combination(trials)
    sentences: list[str] = []
    if len(groups) > 1:
        sentences += between_combinations(run, trials)
        for values, same in groups:
            found = _of_several_ttls(run, same)
            sentences += [f"With {values_text(values)} {_lowered(each)}" for each in found]
    else:
        if run.wanted_hit_ratio is not None and trials:
            sentences.append(wanted_ttl_sentence(run.wanted_hit_ratio, trials))
        if trusted:
            sentences += [*_effect(trials), *_stale(trusted), *_times(trusted)]
    if trusted:
        sentences += [*_replay(trusted), *_theory(trusted), *_staleness(trusted)]
    elif run.target and any(trial.trusted and trial.lookups for trial in trials):
        sentences.append(
            "The hit ratio is unknown, because the answers did not say whether they came from a "
            "cache; the latencies stand."
        )
    doubted = sum(not trial.trusted for trial in trials)
    if doubted:
        sentences.append(
            f"{doubted} of {len(trials)} trials are doubted, and nothing is concluded from them."
        )
    late = sum(trial.trusted and not trial.times_trusted for trial in trials)
    if late:
        sentences.append(f"The latencies of {late} of {len(trials)} trials are doubted.")
    return sentences


def _staleness(trusted: list[TrialFigures]) -> Iterator[str]:
    return staleness_sentences(trial.stale_reads for trial in trusted)


def _of_several_ttls(run: RunRecord, trials: list[TrialFigures]) -> Iterator[str]:
    """Yield what the TTL does with one combination; nothing if it has a single TTL."""
    if len(ttls_of(trials)) < 2:
        return
    if run.wanted_hit_ratio is not None:
        yield wanted_ttl_sentence(run.wanted_hit_ratio, trials)
    if pool(trials):
        yield from _effect(trials)


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def wanted_ttl_sentence(wanted: float, trials: list[TrialFigures]) -> str:
    """Return which TTL reaches the wanted hit ratio, or why that is unknown."""
    pooled = pool(trials)
    reaching = next((each for each in pooled if each.low >= wanted), None)
    below = math.inf if reaching is None else reaching.ttl_seconds
    unknown = ", and ".join(
        [f"TTL {ttl:g} s is doubted" for ttl in doubted_ttls(trials) if ttl < below]
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
    longest = pooled[-1].ttl_seconds
    return (
        f"No TTL measured reaches a hit ratio of {wanted:g}: {the_best}. "
        f"Whether one above {longest:g} s does was not measured."
    )


def store_sentence(run: RunRecord) -> str:
    """Return a sentence that names the store and the delay added to it."""
    if run.target:
        return "Store: the target's own, of which nothing is known."
    if "store_delay_seconds" in run.plan.get("axes", {}):
        return f"Store: {run.store_name}, with the store_delay_seconds of each trial."
    if not run.store_delay_seconds:
        return f"Store: {run.store_name}, no delay added."
    return (
        f"Store: {run.store_name}, with store_delay_seconds {run.store_delay_seconds:g}: every "
        f"load sleeps {run.store_delay_seconds * 1000:g} ms, to imitate a remote database."
    )


def agrees_with_theory(trial: TrialFigures) -> bool | None:
    """Return whether measured and predicted differ by at most 1 point or 3 standard errors.

    A trace must agree within 1 point of offload: it is one sequence without sampling error, and
    milliseconds decide which of its repeated ids find the fill done. None means unknown.
    """
    gap = theory_gap(trial)
    if gap is None:
        return None
    return gap <= max(CLOSE_RATIO, CLOSE_STANDARD_ERRORS * (trial.hit_ratio_error or 0.0))


def theory_gap(trial: TrialFigures) -> float | None:
    """Return how far theory is off: by offload for a trace, by hit ratio otherwise."""
    measured, predicted = trial.hit_ratio, trial.predicted_hit_ratio
    if trial.of_trace:
        measured, predicted = trial.offload_ratio, trial.predicted_offload_ratio
    return None if measured is None or predicted is None else abs(measured - predicted)


def _effect(trials: list[TrialFigures]) -> Iterator[str]:
    """Yield how the TTL moves hit ratio and store, from the pooled repetitions of each TTL."""
    pooled = pool(trials)
    first, last = pooled[0], pooled[-1]
    before, after = first.store_queries_per_second, last.store_queries_per_second
    if first is not last and before is not None and after is not None:
        yield (
            f"From a TTL of {first.ttl_seconds:g} s to {last.ttl_seconds:g} s the hit ratio "
            f"{_way(first, last)}, and the store gets {after:.0f} "
            f"instead of {before:.0f} queries per second."
        )
    doubted = doubted_ttls(trials)
    if doubted:
        ttls = ", ".join(f"{ttl:g} s" for ttl in doubted)
        yield f"What a TTL of {ttls} does is unknown: no trial of it is trusted."


def _way(first: Pooled, last: Pooled) -> str:
    """Return how the hit ratio moves: only intervals that are apart tell."""
    ratios = f"{first.hit_ratio:.3f} to {last.hit_ratio:.3f}"
    if first.high < last.low or last.high < first.low:
        return f"goes from {ratios}"
    return f"does not measurably change ({ratios}, with intervals that overlap)"


def _stale(trusted: list[TrialFigures]) -> Iterator[str]:
    """Yield at which TTL most lookups were served a stale entry, which counts as a hit."""
    by_ttl: dict[float, Counter[str]] = {}
    for trial in trusted:
        by_ttl.setdefault(trial.ttl_seconds, Counter()).update(trial.results or {})
    stale = {ttl: counts["stale"] / counts.total() for ttl, counts in by_ttl.items() if counts}
    ttl = max(stale, key=lambda ttl: stale[ttl], default=0.0)
    if stale.get(ttl):
        of_hits = by_ttl[ttl]["stale"] / count_hits(by_ttl[ttl])
        yield (
            f"At {ttl:g} s {percent_text(stale[ttl])} of the lookups were served a stale entry, "
            f"which is {percent_text(of_hits)} of the hits."
        )


def _times(trusted: list[TrialFigures]) -> Iterator[str]:
    timed = [
        (trial.ttl_seconds, hit, miss)
        for trial in trusted
        if trial.times_trusted
        and (hit := trial.percentiles["hit response"].p50) is not None
        and (miss := trial.percentiles["miss response"].p50) is not None
    ]
    longest = max((ttl for ttl, _, _ in timed), default=None)
    if longest is not None:
        hits = [hit for ttl, hit, _ in timed if ttl == longest]
        misses = [miss for ttl, _, miss in timed if ttl == longest]
        yield (
            f"At {longest:g} s half of the hits are answered within {_range_text(hits)} ms, "
            f"half of the misses within {_range_text(misses)} ms."
        )


def _range_text(seconds: list[float]) -> str:
    """Return times in milliseconds, those of repetitions as a range."""
    ends = [f"{each * 1000:.1f}" for each in (min(seconds), max(seconds))]
    return " to ".join(dict.fromkeys(ends))


def _replay(trusted: list[TrialFigures]) -> Iterator[str]:
    residuals = [abs(trial.residual) for trial in trusted if trial.residual is not None]
    if residuals:
        yield (
            "The replay of each trial's own arrivals, computed before its traffic, is off by "
            f"{max(residuals) * 100:.1f} points of hit ratio at most."
        )


def _theory(trusted: list[TrialFigures]) -> Iterator[str]:
    gaps = [gap for trial in trusted if (gap := theory_gap(trial)) is not None]
    if not gaps:
        return
    agreeing = sum(bool(agrees_with_theory(trial)) for trial in trusted)
    ratio = "offload" if trusted[0].of_trace else "hit ratio"
    yield (
        f"Theory, computed before each window opened, is off by {max(gaps) * 100:.1f} points of "
        f"{ratio} at most; {agreeing} of {len(gaps)} trials agree with it."
    )

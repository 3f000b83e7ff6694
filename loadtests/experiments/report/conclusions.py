"""What a run says, in plain words, from trials that are not doubted."""

from loadtests.experiments.records.records import RunRecord
from loadtests.experiments.report.figures import TrialFigures

CLOSE_RATIO = 0.01
CLOSE_ERRORS = 3.0  # standard errors


def conclusions(run: RunRecord, trials: list[TrialFigures]) -> list[str]:
    """Return a few sentences; the last ones say which trials were left out."""
    trusted = [trial for trial in trials if trial.trusted and trial.hit_ratio is not None]
    sentences = []
    if trusted:
        sentences.append(_smallest_ttl(run.wanted_hit_ratio, trusted))
        sentences += _effect(trusted)
        sentences += _times(trusted)
        sentences += _theory(trusted)
    doubted = sum(not trial.trusted for trial in trials)
    if doubted:
        sentences.append(
            f"{doubted} of {len(trials)} trials are doubted, and nothing is concluded from them."
        )
    late = sum(trial.trusted and not trial.times_trusted for trial in trials)
    if late:
        sentences.append(f"The latencies of {late} of {len(trials)} trials are doubted.")
    return sentences


def store_sentence(run: RunRecord) -> str:
    """Say what the store was, and that its loads were slowed down where they were."""
    if not run.store_delay_seconds:
        return f"Store: {run.store_name}, no delay added."
    return (
        f"Store: {run.store_name}, with store_delay_seconds {run.store_delay_seconds:g}: every "
        f"load sleeps {run.store_delay_seconds * 1000:g} ms, to stand for a remote database."
    )


def agrees_with_theory(trial: TrialFigures) -> bool | None:
    """Tell whether measured and predicted differ by no more than 1 point or 3 standard errors.

    A trace is one sequence without sampling error, and which of its repeats find the fill
    done hangs on milliseconds: it is held to 1 point of offload. None where unknown.
    """
    gap = theory_gap(trial)
    if gap is None:
        return None
    return gap <= max(CLOSE_RATIO, CLOSE_ERRORS * (trial.hit_ratio_error or 0.0))


def theory_gap(trial: TrialFigures) -> float | None:
    """Return how far theory is off, of a trace by its offload; None where unknown."""
    measured, predicted = trial.hit_ratio, trial.predicted_hit_ratio
    if trial.of_trace:
        measured, predicted = trial.offload_ratio, trial.predicted_offload_ratio
    return None if measured is None or predicted is None else abs(measured - predicted)


def _smallest_ttl(wanted: float, trusted: list[TrialFigures]) -> str:
    by_ttl: dict[float, list[TrialFigures]] = {}
    for trial in trusted:
        by_ttl.setdefault(trial.ttl_seconds, []).append(trial)
    for ttl, trials in sorted(by_ttl.items()):
        lowest = min(trial.hit_ratio or 0.0 for trial in trials)
        if lowest >= wanted:
            return (
                f"The smallest TTL measured that reaches a hit ratio of {wanted:g} is {ttl:g} s "
                f"({lowest:.3f})."
            )
    best = max(trusted, key=lambda trial: trial.hit_ratio or 0.0)
    return (
        f"No TTL measured reaches a hit ratio of {wanted:g}: the best is {best.hit_ratio:.3f} "
        f"at {best.ttl_seconds:g} s."
    )


def _effect(trusted: list[TrialFigures]) -> list[str]:
    first = min(trusted, key=lambda trial: trial.ttl_seconds)
    last = max(trusted, key=lambda trial: trial.ttl_seconds)
    if first.ttl_seconds == last.ttl_seconds:
        return []
    queries = (first.store_queries_per_second, last.store_queries_per_second)
    if queries[0] is None or queries[1] is None:
        return []
    sentence = (
        f"From a TTL of {first.ttl_seconds:g} s to {last.ttl_seconds:g} s the hit ratio goes from "
        f"{first.hit_ratio:.3f} to {last.hit_ratio:.3f} and the store is asked {queries[1]:.0f} "
        f"instead of {queries[0]:.0f} times a second."
    )
    return [sentence]


def _times(trusted: list[TrialFigures]) -> list[str]:
    timed = [
        (trial, hit, miss)
        for trial in trusted
        if trial.times_trusted
        and (hit := trial.percentiles["hit response"].p50) is not None
        and (miss := trial.percentiles["miss response"].p50) is not None
    ]
    if not timed:
        return []
    trial, hit, miss = timed[-1]
    sentence = (
        f"At {trial.ttl_seconds:g} s half of the hits are answered within {hit * 1000:.1f} ms, "
        f"half of the misses within {miss * 1000:.1f} ms."
    )
    return [sentence]


def _theory(trusted: list[TrialFigures]) -> list[str]:
    gaps = [gap for trial in trusted if (gap := theory_gap(trial)) is not None]
    if not gaps:
        return []
    agreeing = sum(bool(agrees_with_theory(trial)) for trial in trusted)
    what = "offload" if trusted[0].of_trace else "hit ratio"
    sentence = (
        f"Theory, asked before each window opened, is off by {max(gaps) * 100:.1f} points of "
        f"{what} at most; {agreeing} of {len(gaps)} trials agree with it."
    )
    return [sentence]

"""Gates for CI: what a run must reach for Locust to exit with 0."""

import math
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass

from loadtests.run.outcome import Outcome
from loadtests.service_under_test.contract import (
    MOST_OUTSIDE_RATIO,
    count_cache_lookups,
    outside_ratio,
    says_enough,
)
from loadtests.workload.flags import Flag

EXIT_GATE = 1


def _gate(name: str, usual: float, text: str, most: float, unit: str = "") -> Flag:
    return Flag(name, usual, text, 0, most, unit, in_form=False, optional=True)


GATE_FLAGS = (
    _gate("min-hit-ratio", 0.9, "Fail below this hit ratio of the warm cache, 0 to 1.", 1),
    _gate("max-p99-ms", 100.0, "Fail above this 99th percentile of response times.", 3.6e6, "ms"),
    _gate("max-stale-reads", 0, "Fail above this many stale reads (ReadWrite).", 1e9, "reads"),
    _gate("min-achieved-ratio", 0.99, "Fail below this ratio of completed to due arrivals.", 1),
)


@dataclass(frozen=True)
class Gates:
    """The gates of a headless run; None switches a gate off."""

    min_hit_ratio: float | None
    max_p99_ms: float | None
    max_stale_reads: int | None
    min_achieved_ratio: float | None

    def failures(self, outcome: Outcome) -> list[str]:
        """Return a sentence for each gate that *outcome* fails, with the difference.

        The hit ratio and, where there was time for it, the response times are those of the warm
        cache, so that the same run has the same verdict whatever the cache held before. An unknown
        figure fails its gate; the hit ratio of a run that was cold to its end is unknown, stale
        reads and the achieved ratio are after a worker was lost.
        """
        tallies = outcome.tallies
        p99_seconds = (outcome.warm_tallies or tallies).response().quantile(0.99)
        p99_ms = None if p99_seconds is None else p99_seconds * 1000
        known = tallies.judged_reads and not outcome.unreported
        stale = tallies.stale_reads if known else None
        checks = (
            _check(
                *("hit ratio", outcome.warm_hit_ratio, "least", self.min_hit_ratio),
                _unsaid(outcome) or _cold(outcome),
            ),
            "" if self.min_hit_ratio is None else _outside(tallies.results()),
            _check("p99 of response times in ms", p99_ms, "most", self.max_p99_ms),
            _check("stale reads", stale, "most", self.max_stale_reads),
            _check("achieved ratio", achieved_ratio(outcome), "least", self.min_achieved_ratio),
        )
        return [sentence for sentence in checks if sentence]


def gates_from(options: Namespace) -> Gates:
    """Return the gates that the options set."""
    return Gates(**{flag.key: getattr(options, flag.key) for flag in GATE_FLAGS})


def achieved_ratio(outcome: Outcome) -> float | None:
    """Return the ratio of completed arrivals to those that were due.

    Not completed are arrivals that were dropped or failed, that the generator was too late to
    send, or that were queued or in flight when the run was stopped. None without arrivals, and
    after a worker was lost, because what was due there is unknown.
    """
    tallies = outcome.tallies
    if outcome.unreported:
        return None
    due = tallies.arrivals + tallies.overdue
    done = min(tallies.completed, tallies.arrivals - tallies.backlog)
    return done / due if due else None


def _outside(counts: Mapping[str, int]) -> str:
    """Return why a known hit ratio does not stand for all lookups; "" if it does.

    Args:
        counts: Lookups by result.
    """
    ratio = outside_ratio(counts)
    if ratio is None or ratio <= MOST_OUTSIDE_RATIO or not count_cache_lookups(counts):
        return ""
    return (
        f"gate: the hit ratio leaves out {ratio * 100:.2f} % of the lookups, which bypassed the "
        f"cache or failed, but must leave out at most {MOST_OUTSIDE_RATIO * 100:g} %"
    )


def _unsaid(outcome: Outcome) -> str:
    """Return why the answers of a target do not tell the hit ratio; "" if they do."""
    if says_enough(outcome.tallies.results()):
        return ""
    told_by = outcome.settings.keys_told_by
    others = f", and {told_by} only for the whole run, its cold start included" if told_by else ""
    return (
        f"; the answers do not say whether they came from a cache{others}: name what says it with"
        " --target-result"
    )


def _cold(outcome: Outcome) -> str:
    """Return why a run has no warm hit ratio; "" if it was warm or sent nothing."""
    if not outcome.parts or not all(figures.is_cold for figures in outcome.parts):
        return ""
    last = outcome.parts[-1]
    if math.isinf(last.part.warm_from):
        if outcome.settings.target is not None:
            return "; tell the target's TTL with --ttl-seconds"
        return "; the knobs of the service could not be read"
    return (
        f"; the cache is warm only {last.part.warm_from:g} s after the start of the run, which"
        f" ended after {last.ends:.0f} s: run longer, or lower --ttl-seconds"
    )


def _check(what: str, value: float | None, side: str, bound: float | None, why: str = "") -> str:
    """Return why a value is not at *side* ("least" or "most") *bound*; "" if it is.

    Args:
        what: Name of the value.
        value: None if it is unknown.
        side: "least" or "most".
        bound: None switches the check off.
        why: Why the value is unknown.
    """
    if bound is None:
        return ""
    if value is None:
        return f"gate: {what} is unknown, but must be at {side} {bound:g}{why}"
    beyond, place = (bound - value, "below") if side == "least" else (value - bound, "above")
    return f"gate: {what} {value:.4g} is {beyond:.4g} {place} {bound:g}" if beyond > 0 else ""

"""Ends a run: logs how it went and decides whether it passed."""

import logging
import math
from collections.abc import Callable

import gevent
from locust.env import Environment
from locust.stats import CSV_STATS_INTERVAL_SEC

from loadtests.output.figure_text import UNKNOWN_WORD, number_text, percent_text
from loadtests.prediction.stale_reads import Staleness
from loadtests.run.gates import EXIT_GATE, gates_from
from loadtests.run.outcome import Outcome
from loadtests.run.run_parts import PartFigures
from loadtests.run.typed_locust import parsed_options
from loadtests.sender.oracle import VISIBLE_SECONDS
from loadtests.service_under_test.contract import UNKNOWN_RESULT

logger = logging.getLogger(__name__)


def end_run(environment: Environment) -> None:
    """Stop the run, and quit Locust if it is headless."""
    runner = environment.runner
    if runner is not None:
        gevent.spawn(runner.quit if parsed_options(environment).headless else runner.stop)


def close_run(environment: Environment, outcome: Outcome) -> None:
    """Log how a run went, and set Locust's exit code if it failed a gate."""
    options = parsed_options(environment)
    if options.csv_prefix:
        # Locust's CSV writer writes once a second, and must have written the end of the run.
        gevent.sleep(CSV_STATS_INTERVAL_SEC + 0.1)
    for sentence in outcome.unreported:
        logger.warning("%s", sentence)
    for line in closing_lines(outcome):
        logger.info("%s", line)
    failures = gates_from(options).failures(outcome)
    for sentence in failures:
        logger.error("%s", sentence)
    if failures:
        environment.process_exit_code = EXIT_GATE


def closing_lines(outcome: Outcome) -> list[str]:
    """Return the result of a run: one line, and one more for each part of a run with several."""
    tallies = outcome.tallies
    if not tallies.arrivals:
        return [
            "no load was sent: it starts when all users have been spawned (--users, --spawn-rate)"
        ]
    several = len(outcome.parts) > 1
    lines = [_part_line(figures) for figures in outcome.parts] if several else []
    if outcome.settings.target is not None:
        lines.append(f"target: {outcome.settings.target.describe()}")
    return [", ".join([*_ratios(outcome), *_conduct(outcome)]), *lines]


def _ratios(outcome: Outcome) -> list[str]:
    whole = percent_text(outcome.tallies.hit_ratio(), UNKNOWN_WORD)
    state = "empty" if outcome.began_empty else "as it was"
    start = f"whole run {whole}, begun with the cache {state}"
    if not outcome.parts:
        return [f"hit ratio {whole}, predicted {UNKNOWN_WORD}", start]
    if len(outcome.parts) > 1:
        warm = percent_text(outcome.warm_hit_ratio, UNKNOWN_WORD)
        return [f"hit ratio {warm} while warm in {len(outcome.parts)} parts", start]
    figures = outcome.parts[0]
    if figures.part.sent.replays_trace:
        return [_beside(whole, figures), f"begun with the cache {state}"]
    return [_measured(figures), start]


def _part_line(figures: PartFigures) -> str:
    changes = ", ".join(figures.part.changes) or "as it began"
    return f"from {figures.part.begins:.0f} s ({changes}): {_measured(figures)}"


def _measured(figures: PartFigures) -> str:
    """Return the hit ratio of a part beside its prediction, or that it was cold."""
    part = figures.part
    if not figures.is_cold:
        warm = percent_text(figures.warm_hit_ratio, UNKNOWN_WORD)
        return _beside(f"{warm} while warm from {part.warm_from:.0f} s on", figures)
    known = not math.isinf(part.warm_from)
    until = f"cold (warm only {part.warm_from:.0f} s after the start)"
    until = until if known else "whether cold or warm is unknown without the TTL"
    return _beside(f"{percent_text(figures.hit_ratio, UNKNOWN_WORD)}, {until}", figures)


def _beside(measured: str, figures: PartFigures) -> str:
    predicted = percent_text(figures.part.predicted_hit_ratio, UNKNOWN_WORD)
    when = " once warm" if figures.is_cold else ""
    replayed = ""
    # A trace's prediction is its replay.
    if figures.replayed_hit_ratio is not None and not figures.part.sent.replays_trace:
        replayed = f", replay {percent_text(figures.replayed_hit_ratio)}"
    return f"hit ratio {measured}{replayed}, predicted {predicted}{when}"


def _conduct(outcome: Outcome) -> list[str]:
    """Return what else there is to say of a run."""
    tallies, parts = outcome.tallies, []
    if outcome.top_shares:
        shares = "/".join(percent_text(share) for share in outcome.top_shares.values())
        parts.append(f"top {'/'.join(outcome.top_shares)} ids {shares} of lookups")
    slip_seconds = tallies.slip.quantile(0.99)
    slip = number_text(slip_seconds, factor=1000.0, unit=" ms", unknown=UNKNOWN_WORD)
    parts.append(f"slip p99 {slip}")
    parts.append(f"{tallies.dropped} dropped, {tallies.failed} failed")
    counts = tallies.results()
    if outcome.key_hit_ratio is not None:
        ratio = percent_text(outcome.key_hit_ratio)
        parts.append(f"hit ratio by {outcome.settings.keys_told_by} {ratio}")
    if counts[UNKNOWN_RESULT]:
        parts.append(f"{counts[UNKNOWN_RESULT]} answers did not say whether from a cache")
    if counts["bypass"] or counts["error"]:
        parts.append(f"{counts['bypass']} bypassed the cache, {counts['error']} errors")
    if tallies.judged_reads:
        parts.append(_staleness_text(outcome))
    return parts


def _staleness_text(outcome: Outcome) -> str:
    """Return how stale reads were, each figure beside its prediction where there is one."""
    tallies = outcome.tallies
    expected = outcome.predicted_staleness or Staleness(None)
    share = _with_prediction(percent_text, tallies.stale_ratio, expected.stale_ratio)
    parts = [f"{tallies.stale_reads} stale of {tallies.judged_reads} judged reads: {share}"]
    if tallies.stale_reads:
        mean = _with_prediction(
            _seconds_text, tallies.staleness.mean_seconds, expected.mean_seconds
        )
        parts.append(f"mean staleness {mean}")
    if tallies.reads_after_write:
        visible = _with_prediction(percent_text, tallies.visible_ratio, expected.visible_ratio)
        parts.append(f"writes visible after {VISIBLE_SECONDS:g} s {visible}")
    return ", ".join(parts)


def _with_prediction(
    text: Callable[[float | None], str], measured: float | None, predicted: float | None
) -> str:
    """Return a figure as text, with its prediction where there is one."""
    return text(measured) + ("" if predicted is None else f" (predicted {text(predicted)})")


def _seconds_text(seconds: float | None) -> str:
    return number_text(seconds, 2, unit=" s")

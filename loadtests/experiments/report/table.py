"""The tables of a sweep, at most 100 columns wide."""

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from loadtests.experiments.figures.conclusions import conclusions, store_sentence
from loadtests.experiments.figures.results import RunResults
from loadtests.experiments.figures.trial_figures import SERIES, Percentiles, TrialFigures
from loadtests.output.figure_text import (
    UNKNOWN,
    count_text,
    milliseconds_text,
    number_text,
    ratio_text,
)

WIDTH = 100
MARKS = {"trial": "*", "latency": "~", "note": "-"}  # After a TTL, and before a doubt.


def answer_console() -> Console:
    """Return a console on stdout without markup, 100 columns wide unless it is a terminal."""
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = Console(width=WIDTH, highlight=False, markup=False, emoji=False)
    return console


def run_tables(results: RunResults) -> RenderableType:
    """Return what `sweep` prints: what was measured, two tables, doubts, conclusions."""
    parts: list[RenderableType] = [
        Text(results.run.title, style="bold"),
        Text(store_sentence(results.run)),
        _ratios(results.trials),
        _latencies(results.trials),
    ]
    parts += damage_lines(results.damaged)
    parts += [Text(line, style="yellow") for line in doubt_lines(results.trials)]
    parts += [Text(line) for line in conclusions(results.run, results.trials)]
    return Group(*parts)


def damage_lines(damaged: list[str]) -> list[Text]:
    """Return a line for each file of the run that could not be read."""
    return [Text(f"left out: {line}", style="yellow") for line in damaged]


def doubt_lines(trials: list[TrialFigures]) -> list[str]:
    """Return a line for every doubt, with the mark that the table uses."""
    return [
        f"{MARKS[doubt.scope]} TTL {trial.ttl_seconds:g} s, trial "
        f"{trial.number}: {doubt.text}; {doubt.advice}"
        for trial in trials
        for doubt in trial.doubts
    ]


def _ratios(trials: list[TrialFigures]) -> Table:
    table = empty_table(
        *("\nTTL s", "hit\nratio", "95 %\ninterval", "\nreplay", "off its\nreplay", "\ntheory"),
        *("\noffload", "\ntheory", "\nlookups", "store\nqueries/s"),
        "achieved of\ntarget/s",
    )
    for trial in trials:
        table.add_row(
            ttl_text(trial),
            ratio_text(trial.hit_ratio),
            interval_text(trial),
            ratio_text(trial.replayed_hit_ratio),
            residual_text(trial),
            ratio_text(trial.predicted_hit_ratio),
            ratio_text(trial.offload_ratio),
            ratio_text(trial.predicted_offload_ratio),
            count_text(trial.lookups),
            number_text(trial.store_queries_per_second),
            _achieved_text(trial),
        )
    return table


def _latencies(trials: list[TrialFigures]) -> Table:
    table = empty_table("\nTTL s", *(f"{name}\np50/p95/p99 ms" for name in SERIES))
    for trial in trials:
        table.add_row(ttl_text(trial), *(_three(trial.percentiles[name]) for name in SERIES))
    return table


def ttl_text(trial: TrialFigures) -> str:
    """Return the TTL with the mark of the most serious doubt."""
    mark = "" if trial.times_trusted else MARKS["latency" if trial.trusted else "trial"]
    return f"{trial.ttl_seconds:g}{mark}"


def interval_text(trial: TrialFigures) -> str:
    """Return the interval of the hit ratio."""
    if trial.hit_ratio_low is None or trial.hit_ratio_high is None:
        return UNKNOWN
    return f"{trial.hit_ratio_low:.3f}-{trial.hit_ratio_high:.3f}"


def residual_text(trial: TrialFigures) -> str:
    """Return the difference of measured and replayed hit ratio, in percentage points."""
    return UNKNOWN if trial.residual is None else f"{trial.residual * 100:+.1f} pt"


def points_text(trial: TrialFigures) -> str:
    """Return the difference of measured and predicted hit ratio, in percentage points."""
    if trial.hit_ratio is None or trial.predicted_hit_ratio is None:
        return UNKNOWN
    return f"{(trial.hit_ratio - trial.predicted_hit_ratio) * 100:+.1f} pt"


def _achieved_text(trial: TrialFigures) -> str:
    """Return the achieved and the target rate."""
    if trial.achieved_rate is None or trial.target_rate is None:
        return UNKNOWN
    return f"{trial.achieved_rate:.0f} of {trial.target_rate:g}"


def _three(percentiles: Percentiles) -> str:
    return " / ".join(
        milliseconds_text(value) for value in (percentiles.p50, percentiles.p95, percentiles.p99)
    )


def empty_table(*headings: str) -> Table:
    """Return a table with right-aligned columns and no rows."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in headings:
        table.add_column(heading, justify="right")
    return table

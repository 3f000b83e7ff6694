"""The tables of a sweep, at most 100 columns wide."""

from rich.console import Console, Group, RenderableType
from rich.text import Text

from loadtests.experiments.figures.axes.combinations import axis_names
from loadtests.experiments.figures.conclusions import conclusions, store_sentence
from loadtests.experiments.figures.percentiles import QUANTILES
from loadtests.experiments.figures.results import RunResults
from loadtests.experiments.figures.trial_figures import TrialFigures
from loadtests.experiments.report.doubt_groups import group_doubts, trials_text
from loadtests.experiments.report.grid import Column, Grid, make_grid
from loadtests.experiments.report.near_grid import near_grid
from loadtests.experiments.report.staleness_grid import staleness_grid
from loadtests.experiments.report.trial_grids import (
    MARKS,
    ResultRow,
    interval_text,
    points_text,
    result_rows,
    share_text,
    ttl_text,
    with_axes,
)
from loadtests.output.figure_text import (
    UNKNOWN,
    count_text,
    milliseconds_text,
    number_text,
    ratio_text,
)
from loadtests.output.fitting_table import FittingTable
from loadtests.output.plain_console import PlainConsole, plain_text

WIDTH = 100


def answer_console() -> Console:
    """Return a console on stdout without markup, 100 columns wide unless it is a terminal."""
    console = PlainConsole(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = PlainConsole(width=WIDTH, highlight=False, markup=False, emoji=False)
    return console


def run_tables(results: RunResults) -> RenderableType:
    """Return what `sweep` prints: what was measured, two tables, doubts, conclusions."""
    parts: list[RenderableType] = [
        Text(results.run.title, style="bold"),
        Text(store_sentence(results.run)),
        grid_table(_ratio_grid(results.trials)),
        *([grid_table(near)] if (near := near_grid(results.trials)) else []),
        *([grid_table(stale)] if (stale := staleness_grid(results.trials)) else []),
        grid_table(_timed_grid(results)),
    ]
    parts += damage_lines(results.damaged)
    parts += [Text(line, style="yellow") for line in doubt_lines(results.trials)]
    parts += [Text(line) for line in conclusions(results.run, results.trials)]
    return Group(*parts)


def damage_lines(damaged: list[str]) -> list[Text]:
    """Return a line for each file of the run that could not be read."""
    return [Text(f"left out: {line}", style="yellow") for line in damaged]


def doubt_lines(trials: list[TrialFigures]) -> list[str]:
    """Return a line for every group of equal doubts, with the mark that the table uses."""
    groups = group_doubts((trial, doubt) for trial in trials for doubt in trial.doubts)
    return [
        f"{MARKS[group.doubt.scope]} {trials_text(group.subjects, len(trials))}: "
        f"{group.doubt.text}; {group.doubt.advice}"
        for group in groups
    ]


def grid_table(grid: Grid, words: int = 0) -> FittingTable:
    """Return a grid as a table for the terminal, of which some columns name the rows in words."""
    table = FittingTable(*grid.headings, words=words)
    for row in grid.rows:
        table.add_row(*map(plain_text, row.cells))
    return table


def _ratio_grid(trials: list[TrialFigures]) -> Grid:
    """Return the ratios of each trial; fewer of them beside axes, which need the room."""
    columns: list[Column[TrialFigures]] = [*_RATIOS, *_OFFLOAD, _STORE, _RATE]
    if axis_names(trials):
        kept = [_RATIOS[0], _NUMBER, *_RATIOS[1:], _STORE]
        columns = with_axes(kept, trials, lambda trial: trial.values)
    return make_grid(columns, trials, lambda trial: not trial.trusted)


def _timed_grid(results: RunResults) -> Grid:
    rows = _timed_rows(results)
    if not axis_names(results.trials):
        return make_grid(_RESULTS, rows, lambda row: not row.trial.trusted)
    # The table of ratios names the values of each trial by its number.
    number: Column[ResultRow] = Column("\ntrial", lambda row: str(row.trial.number))
    return make_grid([number, *_RESULTS], rows, lambda row: not row.trial.trusted)


def _timed_rows(results: RunResults) -> list[ResultRow]:
    """Return the results that have a median; the report has the rare ones too."""
    rows = result_rows(results.trials)
    return [row for row in rows if row.trial.percentiles[f"{row.word} response"].p50 is not None]


def _stale_text(trial: TrialFigures) -> str:
    """Return the share of lookups that were served stale; unknown where none was."""
    row = ResultRow(trial, "stale")
    return share_text(row) if row.lookups else UNKNOWN


def _achieved_text(trial: TrialFigures) -> str:
    """Return the achieved and the target rate."""
    if trial.achieved_rate is None or trial.target_rate is None:
        return UNKNOWN
    return f"{trial.achieved_rate:.0f} of {trial.target_rate:g}"


def _three(row: ResultRow, clock: str) -> str:
    found = row.trial.percentiles[f"{row.word} {clock}"]
    return " / ".join(milliseconds_text(getattr(found, name)) for name in QUANTILES)


_RATIOS: tuple[Column[TrialFigures], ...] = (
    Column("\nTTL s", ttl_text),
    Column("hit\nratio", lambda trial: ratio_text(trial.hit_ratio)),
    Column(
        "95 %\ninterval", lambda trial: interval_text(trial.hit_ratio_low, trial.hit_ratio_high)
    ),
    Column("\nreplay", lambda trial: ratio_text(trial.replayed_hit_ratio), optional=True),
    Column("\ntheory", lambda trial: ratio_text(trial.predicted_hit_ratio)),
    Column("off by\npoints", points_text),
    Column("served\nstale", _stale_text, optional=True),
)
_OFFLOAD: tuple[Column[TrialFigures], ...] = (
    Column("\noffload", lambda trial: ratio_text(trial.offload_ratio)),
    Column("\ntheory", lambda trial: ratio_text(trial.predicted_offload_ratio)),
)
_STORE: Column[TrialFigures] = Column(
    "store\nreads/s", lambda trial: number_text(trial.store_queries_per_second)
)
_RATE: Column[TrialFigures] = Column("lookups/s\nof target", _achieved_text)

_NUMBER: Column[TrialFigures] = Column("\ntrial", lambda trial: str(trial.number))

_RESULTS: tuple[Column[ResultRow], ...] = (
    Column("\nTTL s", lambda row: ttl_text(row.trial)),
    Column("\nresult", lambda row: row.word),
    Column("\nlookups", lambda row: count_text(row.lookups)),
    Column("\nshare", share_text),
    Column("response time\np50 / p95 / p99 ms", lambda row: _three(row, "response")),
    Column("service time\np50 / p95 / p99 ms", lambda row: _three(row, "service")),
)

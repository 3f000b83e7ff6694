"""The tables of a sweep's pages: trials, their results by word, and pooled repetitions."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from loadtests.experiments.figures.axes.combinations import axis_names
from loadtests.experiments.figures.percentiles import ALL, CLOCKS, QUANTILES, TIMED, Percentiles
from loadtests.experiments.figures.pooled import Pooled, pool
from loadtests.experiments.figures.trial_figures import TrialFigures
from loadtests.experiments.plan.axes import Values, value_text
from loadtests.experiments.report.grid import Column, Grid, make_grid
from loadtests.output.figure_text import (
    UNKNOWN,
    count_text,
    milliseconds_text,
    number_text,
    percent_text,
    ratio_text,
)

_T = TypeVar("_T")

MARKS = {"trial": "*", "latency": "~", "note": "-"}


class ResultRow(NamedTuple):
    """One result of one trial.

    Attributes:
        trial: The trial.
        word: The result, or ALL.
    """

    trial: TrialFigures
    word: str

    @property
    def lookups(self) -> int | None:
        """How many lookups ended so."""
        if self.word == ALL or self.trial.results is None:
            return self.trial.lookups
        return self.trial.results[self.word]


def trial_grid(trials: list[TrialFigures]) -> Grid:
    """Return one row for each trial."""
    columns = with_axes(_TRIAL_COLUMNS, trials, lambda trial: trial.values)
    return make_grid(columns, trials, lambda trial: not trial.trusted)


def result_grid(trials: list[TrialFigures]) -> Grid:
    """Return a row for all lookups of each trial, and one for each result that occurred."""
    columns = with_axes(_RESULT_COLUMNS, trials, lambda row: row.trial.values)
    return make_grid(columns, result_rows(trials), lambda row: not row.trial.trusted)


def pooled_grid(trials: list[TrialFigures]) -> Grid | None:
    """Return a row for each TTL and combination with its repetitions taken together.

    Return None without repetitions.
    """
    if all(trial.repetition == 1 for trial in trials):
        return None
    columns = with_axes(_POOLED_COLUMNS, trials, lambda pooled: pooled.values)
    return make_grid(columns, pool(trials), lambda _: False)


def with_axes(
    columns: Sequence[Column[_T]], trials: list[TrialFigures], values: Callable[[_T], Values]
) -> list[Column[_T]]:
    """Return columns with one more, behind the first, for each axis of the plan.

    Args:
        columns: Of a table without axes.
        trials: All trials.
        values: Returns the values of the axes for one row.
    """
    axes = [_axis_column(name, values) for name in axis_names(trials)]
    return [columns[0], *axes, *columns[1:]]


def _axis_column(name: str, values: Callable[[_T], Values]) -> Column[_T]:
    def text(row: _T) -> str:
        return value_text(values(row)[name]) if name in values(row) else UNKNOWN

    return Column(name.replace("_", " "), text)


def result_rows(trials: list[TrialFigures]) -> list[ResultRow]:
    """Return every trial with ALL and with each result that occurred in it."""
    return [ResultRow(trial, word) for trial in trials for word in _words(trial)]


def ttl_text(trial: TrialFigures) -> str:
    """Return the TTL with the mark of the most serious doubt."""
    mark = "" if trial.times_trusted else MARKS["latency" if trial.trusted else "trial"]
    return f"{trial.ttl_seconds:g}{mark}"


def interval_text(low: float | None, high: float | None) -> str:
    """Return the two ends of an interval of a ratio."""
    return UNKNOWN if low is None or high is None else f"{low:.3f}-{high:.3f}"


def points_text(trial: TrialFigures) -> str:
    """Return how far the hit ratio is from its replay, or else from theory, in points."""
    gap = trial.residual
    if gap is None and None not in (trial.hit_ratio, trial.predicted_hit_ratio):
        gap = (trial.hit_ratio or 0.0) - (trial.predicted_hit_ratio or 0.0)
    return UNKNOWN if gap is None else f"{round(gap * 100, 1) + 0.0:+.1f}"  # Never -0.0.


def share_text(row: ResultRow) -> str:
    """Return the share of all lookups that ended so."""
    return percent_text(
        row.lookups / row.trial.lookups if row.lookups and row.trial.lookups else None
    )


def _words(trial: TrialFigures) -> Iterator[str]:
    counted = trial.results or {}
    return (word for word in TIMED if word == ALL or counted.get(word))


def _quantile(clock: str, name: str) -> Callable[[ResultRow], str]:
    def text(row: ResultRow) -> str:
        found: Percentiles = row.trial.percentiles[f"{row.word} {clock}"]
        return milliseconds_text(getattr(found, name))

    return text


_TRIAL_COLUMNS: tuple[Column[TrialFigures], ...] = (
    Column("TTL s", ttl_text),
    Column("trial", lambda trial: str(trial.number)),
    Column("measured", lambda trial: ratio_text(trial.hit_ratio), "hit ratio"),
    Column(
        "95 % interval",
        lambda trial: interval_text(trial.hit_ratio_low, trial.hit_ratio_high),
        "hit ratio",
    ),
    Column(
        "replay", lambda trial: ratio_text(trial.replayed_hit_ratio), "hit ratio", optional=True
    ),
    Column("theory", lambda trial: ratio_text(trial.predicted_hit_ratio), "hit ratio"),
    Column("off by, points", points_text, "hit ratio"),
    Column("measured", lambda trial: ratio_text(trial.offload_ratio), "offload"),
    Column("theory", lambda trial: ratio_text(trial.predicted_offload_ratio), "offload"),
    Column("number", lambda trial: count_text(trial.lookups), "lookups"),
    Column("window", lambda trial: number_text(trial.window_seconds, unit=" s"), "lookups"),
    Column("target", lambda trial: number_text(trial.target_rate), "lookups/s"),
    Column("achieved", lambda trial: number_text(trial.achieved_rate), "lookups/s"),
    Column(
        "measured", lambda trial: number_text(trial.store_queries_per_second), "store queries/s"
    ),
    Column(
        "theory",
        lambda trial: number_text(trial.predicted_store_queries_per_second),
        "store queries/s",
    ),
)

_RESULT_COLUMNS: tuple[Column[ResultRow], ...] = (
    Column("TTL s", lambda row: ttl_text(row.trial)),
    Column("trial", lambda row: str(row.trial.number)),
    Column("result", lambda row: row.word),
    Column("lookups", lambda row: count_text(row.lookups)),
    Column("share", share_text),
    *(
        Column(name, _quantile(clock, name), f"{clock} time, ms")
        for clock in CLOCKS
        for name in QUANTILES
    ),
)

_POOLED_COLUMNS: tuple[Column[Pooled], ...] = (
    Column("TTL s", lambda pooled: f"{pooled.ttl_seconds:g}"),
    Column("trusted trials", lambda pooled: str(pooled.trials)),
    Column("hit ratio", lambda pooled: ratio_text(pooled.hit_ratio)),
    Column("95 % interval", lambda pooled: interval_text(pooled.low, pooled.high)),
    Column("store queries/s", lambda pooled: number_text(pooled.store_queries_per_second)),
)

"""The table of stale reads: measured beside theory, for trials that write."""

from loadtests.experiments.figures.staleness_figures import StaleReads
from loadtests.experiments.figures.trial_figures import TrialFigures
from loadtests.experiments.report.grid import Column, Grid, make_grid
from loadtests.experiments.report.trial_grids import ttl_text, with_axes
from loadtests.output.figure_text import count_text, number_text, percent_text
from loadtests.prediction.stale_reads import Staleness

_NOTHING = StaleReads(0, None, None, None, None)


def staleness_grid(trials: list[TrialFigures]) -> Grid | None:
    """Return one row for each trial; None if no read was judged."""
    if not any(trial.stale_reads for trial in trials):
        return None
    columns = with_axes(_COLUMNS, trials, lambda trial: trial.values)
    return make_grid(columns, trials, lambda trial: not trial.trusted)


def _measured(trial: TrialFigures) -> StaleReads:
    return trial.stale_reads or _NOTHING


def _theory(trial: TrialFigures) -> Staleness:
    return _measured(trial).predicted or Staleness(None)


_COLUMNS: tuple[Column[TrialFigures], ...] = (
    Column("TTL s", ttl_text),
    Column("trial", lambda trial: str(trial.number)),
    Column("judged reads", lambda trial: count_text(_measured(trial).judged)),
    Column("stale", lambda trial: percent_text(_measured(trial).stale_ratio)),
    Column("theory", lambda trial: percent_text(_theory(trial).stale_ratio)),
    Column("lag s", lambda trial: number_text(_measured(trial).mean_seconds, 2)),
    Column("theory", lambda trial: number_text(_theory(trial).mean_seconds, 2)),
    Column("write visible", lambda trial: percent_text(_measured(trial).visible_ratio)),
    Column("theory", lambda trial: percent_text(_theory(trial).visible_ratio)),
)

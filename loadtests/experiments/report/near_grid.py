"""The table of who answers lookups: a near tier or Redis, measured beside theory."""

from loadtests.experiments.figures.trial_figures import TrialFigures
from loadtests.experiments.report.grid import Column, Grid, make_grid
from loadtests.experiments.report.trial_grids import ttl_text, with_axes
from loadtests.output.figure_text import number_text, ratio_text


def near_grid(trials: list[TrialFigures]) -> Grid | None:
    """Return one row for each trial with a near tier; None without any."""
    near = [trial for trial in trials if trial.near_ratio is not None]
    columns = with_axes(_COLUMNS, near, lambda trial: trial.values)
    return make_grid(columns, near, lambda trial: not trial.trusted) if near else None


_COLUMNS: tuple[Column[TrialFigures], ...] = (
    Column("TTL s", ttl_text),
    Column("trial", lambda trial: str(trial.number)),
    Column("near", lambda trial: ratio_text(trial.near_ratio)),
    Column("replay", lambda trial: ratio_text(trial.replayed_near_ratio), optional=True),
    Column("theory", lambda trial: ratio_text(trial.predicted_near_ratio)),
    Column("lookups of Redis/s", lambda trial: number_text(trial.cache_reads_per_second)),
    Column("theory", lambda trial: number_text(trial.predicted_cache_reads_per_second)),
)

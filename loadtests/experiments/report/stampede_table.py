"""The table of the stampede bench, for the terminal and the report."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from loadtests.experiments.figures.conclusions import store_sentence
from loadtests.experiments.figures.stampede.stampede_figures import (
    COLD_KEY,
    ModeFigures,
    StampedeResults,
)
from loadtests.experiments.report.doubt_groups import group_doubts
from loadtests.experiments.report.grid import Column, Grid, make_grid
from loadtests.experiments.report.table import damage_lines, grid_table
from loadtests.output.figure_text import UNKNOWN, count_text, milliseconds_text, number_text


def _interval_text(mode: ModeFigures) -> str:
    return UNKNOWN if mode.low is None else f"{mode.low:.2f}-{mode.high:.2f}"


_COLUMNS: tuple[Column[ModeFigures], ...] = (
    Column("\nprotection", lambda mode: f"{mode.protection}{'' if mode.trusted else '*'}"),
    Column("\nrefreshes", lambda mode: str(mode.refreshes)),
    Column("loads per\nrefresh", lambda mode: number_text(mode.loads_per_refresh, 2)),
    Column("95 %\ninterval", _interval_text),
    Column("\ntheory", lambda mode: number_text(mode.predicted, 2)),
    Column("when\ncold", lambda mode: count_text(mode.cold_loads)),
    Column("p99 ms\nbetween", lambda mode: milliseconds_text(mode.p99_between_seconds)),
    Column("p99 ms\nat expiry", lambda mode: milliseconds_text(mode.p99_at_expiry_seconds)),
    Column("lookups that\nwaited", lambda mode: count_text(mode.waited)),
)


def stampede_grid(modes: Sequence[ModeFigures]) -> Grid:
    """Return one row for each protection."""
    return make_grid(_COLUMNS, modes, lambda mode: not mode.trusted)


def stampede_tables(results: StampedeResults) -> RenderableType:
    """Return what `stampede` prints: what was measured, the table, and the doubts."""
    table = grid_table(stampede_grid(results.modes), words=1)
    groups = group_doubts((mode, doubt) for mode in results.modes for doubt in mode.doubts)
    doubts = [
        Text(
            f"* {', '.join(mode.protection for mode in group.subjects)}: "
            f"{group.doubt.text}; {group.doubt.advice}"
        )
        for group in groups
    ]
    title = Text(results.run.title, style="bold")
    said = [Text(traffic_sentence(results)), Text(store_sentence(results.run))]
    damage = damage_lines(results.damaged)
    return Group(title, *said, table, *damage, *doubts, Text(COLD_KEY))


def traffic_sentence(results: StampedeResults) -> str:
    """Return a sentence that describes the traffic and the stack."""
    plan = results.plan
    return (
        f"One hot key at {plan.rate:g} lookups per second (open, Poisson), TTL "
        f"{plan.ttl_seconds:g} s, {plan.processes} service processes, one Redis."
    )

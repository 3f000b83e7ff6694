"""The table of a run of drills, at most 100 columns wide, and its sentences."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.console import Group, RenderableType
from rich.text import Text

from loadtests.experiments.drills.drill_figures import DrillFigures, DrillResults, PhaseFigures
from loadtests.experiments.report.grid import Column, Grid, make_grid
from loadtests.experiments.report.table import damage_lines, grid_table
from loadtests.output.figure_text import (
    UNKNOWN,
    count_text,
    milliseconds_text,
    number_text,
    ratio_text,
)


class PhaseRow(NamedTuple):
    """One row: a phase of a drill."""

    drill: DrillFigures
    phase: PhaseFigures


def _well_text(row: PhaseRow) -> str:
    if row.phase.phase != "after":
        return ""
    return UNKNOWN if row.drill.well_seconds is None else f"{row.drill.well_seconds:.1f}"


_COLUMNS: tuple[Column[PhaseRow], ...] = (
    Column("\ndrill", lambda row: row.drill.record.name),
    Column("\nphase", lambda row: row.phase.phase),
    Column("\nlookups", lambda row: count_text(row.phase.lookups)),
    Column("\nfailed", lambda row: count_text(row.phase.failed)),
    Column("\nbypassed", lambda row: count_text(row.phase.bypassed)),
    Column("hit\nratio", lambda row: ratio_text(row.phase.hit_ratio)),
    Column("store\nreads/s", lambda row: number_text(row.phase.store_reads_per_second)),
    Column("p99\nms", lambda row: milliseconds_text(row.phase.p99_seconds)),
    Column("slowest\nms", lambda row: milliseconds_text(row.phase.slowest_seconds)),
    Column("well\nafter s", _well_text),
)


def drill_grid(drills: Sequence[DrillFigures]) -> Grid:
    """Return three rows for each drill: before, during and after the fault."""
    rows = [PhaseRow(drill, phase) for drill in drills for phase in drill.phases]
    return make_grid(_COLUMNS, rows, lambda row: bool(row.drill.doubts))


def drill_tables(results: DrillResults) -> RenderableType:
    """Return what `drill` prints: what was broken, the table, and the doubts."""
    table = grid_table(drill_grid(results.drills), words=2)
    return Group(
        Text(results.run.title, style="bold"),
        Text(load_sentence(results)),
        *(Text(sentence) for sentence in drill_sentences(results.drills)),
        table,
        *damage_lines(list(results.damaged)),
        *(Text(f"* {line}", style="yellow") for line in doubt_sentences(results.drills)),
    )


def load_sentence(results: DrillResults) -> str:
    """Return a sentence that describes the load and its length."""
    plan = results.run.plan
    return (
        f"{plan['load']['rate']:g} lookups per second of {plan['items']} items (open, "
        f"{plan['load'].get('arrivals', 'poisson')}), TTL {plan['ttl_seconds']:g} s; "
        f"{plan['seconds']:g} s before, during and after each fault."
    )


def drill_sentences(drills: Sequence[DrillFigures]) -> list[str]:
    """Return a sentence for each drill: what was broken, and how soon all was well."""
    return [f"{drill.record.name}: {drill.record.about}; {_ending(drill)}." for drill in drills]


def doubt_sentences(drills: Sequence[DrillFigures]) -> list[str]:
    """Return a line for each doubt about a drill."""
    return [f"{drill.record.name}: {doubt}" for drill in drills for doubt in drill.doubts]


def _ending(drill: DrillFigures) -> str:
    if drill.aborted is not None:
        return "aborted"
    failed = sum(phase.failed for phase in drill.phases if phase.phase != "before")
    lost = "no lookup failed" if not failed else f"{failed} lookups failed"
    if drill.well_seconds is None:
        return f"{lost}; all was not well when the drill ended"
    return f"{lost}; all was well {drill.well_seconds:.1f} s after the fault"

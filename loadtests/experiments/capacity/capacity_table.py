"""The tables of a search for capacity, at most 100 columns wide, and its sentences."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from loadtests.experiments.capacity.capacity_figures import (
    Capacity,
    CapacityResults,
    StepFigures,
    limited_by,
)
from loadtests.experiments.report.grid import Column, Grid, make_grid
from loadtests.experiments.report.table import damage_lines, grid_table
from loadtests.output.figure_text import (
    UNKNOWN,
    milliseconds_text,
    number_text,
    percent_text,
    ratio_text,
)

MARKS = {"queueing": "queueing", "slip": "late sending", "breach": "bound broken"}


def _interval_text(step: StepFigures) -> str:
    low, high = step.judgement.low, step.judgement.high
    return UNKNOWN if low is None or high is None else f"{low * 100:.1f}-{high * 100:.1f}"


def _verdict_text(step: StepFigures) -> str:
    if step.aborted is not None:
        return "aborted"
    own = "*" if step.judgement.generator else ""
    return f"{step.judgement.verdict}{own}"


_COLUMNS: tuple[Column[StepFigures], ...] = (
    Column("lookups\nper s", lambda step: f"{step.record.rate:g}"),
    Column("\nTTL s", lambda step: f"{step.record.ttl_seconds:.4g}"),
    Column("hit\nratio", lambda step: ratio_text(step.hit_ratio)),
    Column("p50\nms", lambda step: milliseconds_text(step.p50_seconds)),
    Column("p99\nms", lambda step: milliseconds_text(step.p99_seconds)),
    Column("slower,\n%", lambda step: number_text(step.judgement.beyond, 2, factor=100.0)),
    Column("95 %\ninterval", _interval_text),
    Column("sent late,\np99 ms", lambda step: milliseconds_text(step.slip_p99_seconds)),
    Column("CPU of the\ngenerator", lambda step: percent_text(step.cpu_ratio)),
    Column("\nthe bound", _verdict_text),
)


def steps_grid(steps: Sequence[StepFigures]) -> Grid:
    """Return one row for each step, by rate."""
    ordered = sorted(steps, key=lambda step: (step.record.rate, step.record.number))
    return make_grid(_COLUMNS, ordered, lambda step: step.judgement.generator is not None)


def capacity_tables(results: CapacityResults) -> RenderableType:
    """Return what `capacity` prints: for each goal a sentence, its marks and its steps."""
    parts: list[RenderableType] = [Text(results.run.title, style="bold")]
    for capacity in results.capacities:
        parts += [Text(capacity_sentence(capacity, results.max_p99_seconds), style="bold")]
        parts += [Text(line) for line in mark_lines(capacity)]
        parts += [grid_table(steps_grid(capacity.steps))]
        parts += [Text(f"* {line}", style="yellow") for line in own_lines(capacity)]
    parts += [Text(f"* {doubt}", style="yellow") for doubt in results.doubts]
    return Group(*parts, *damage_lines(list(results.damaged)))


def capacity_sentence(capacity: Capacity, bound_seconds: float) -> str:
    """Return the capacity for a goal in words, as its low end."""
    found, bound = capacity.found, f"{bound_seconds * 1000:g} ms"
    goal = f"{capacity.goal[:1].upper()}{capacity.goal[1:]}"
    if found.holds is None:
        at = "any rate" if found.breaks is None else f"{found.breaks:g} lookups/s or more"
        return f"{goal}: the p99 does not stay below {bound} at {at}{_whose(capacity)}."
    start = f"{goal}: at least {found.holds:g} lookups/s with a p99 below {bound}"
    if found.breaks is None:
        return f"{start}; nothing broke up to there, so raise --to-rate."
    return f"{start}; at {found.breaks:g}/s it does not stay below{_whose(capacity)}."


def mark_lines(capacity: Capacity) -> list[str]:
    """Return at which rate lookups first queued, were first sent late, first broke the bound."""
    seen = [
        f"{MARKS[name]} from {rate:g}/s"
        for name, rate in capacity.marks.items()
        if rate is not None
    ]
    return [f"Marks: {', '.join(seen)}."] if seen else []


def own_lines(capacity: Capacity) -> list[str]:
    """Return a line for each step that met the load generator's own limit."""
    return [
        f"{step.record.rate:g}/s: the load generator's own limit: {step.judgement.generator}"
        for step in sorted(capacity.steps, key=lambda each: each.record.rate)
        if step.judgement.generator is not None
    ]


def _whose(capacity: Capacity) -> str:
    if limited_by(capacity) != "generator":
        return ""
    return (
        f", but that is the load generator's own limit ({capacity.generator}), and the service's "
        "is not known"
    )

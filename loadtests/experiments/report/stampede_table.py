"""The table of the stampede bench, for the terminal and the report."""

from collections.abc import Callable

from rich.console import Group, RenderableType
from rich.text import Text

from loadtests.experiments.figures.conclusions import store_sentence
from loadtests.experiments.figures.stampede_figures import COLD_KEY, ModeFigures, StampedeResults
from loadtests.experiments.report.table import damage_lines, empty_table
from loadtests.output.figure_text import UNKNOWN, count_text, milliseconds_text, number_text


def _interval_text(mode: ModeFigures) -> str:
    return UNKNOWN if mode.low is None else f"{mode.low:.2f}-{mode.high:.2f}"


COLUMNS: tuple[tuple[str, Callable[[ModeFigures], str]], ...] = (
    ("\nprotection", lambda mode: f"{mode.protection}{'*' if mode.doubts else ''}"),
    ("\nrefreshes", lambda mode: str(mode.refreshes)),
    ("loads per\nrefresh", lambda mode: number_text(mode.loads_per_refresh, 2)),
    ("95 %\ninterval", _interval_text),
    ("\ntheory", lambda mode: number_text(mode.predicted, 2)),
    ("when\ncold", lambda mode: count_text(mode.cold_loads)),
    ("p99 ms\nbetween", lambda mode: milliseconds_text(mode.p99_between_seconds)),
    ("p99 ms\nat expiry", lambda mode: milliseconds_text(mode.p99_at_expiry_seconds)),
    ("lookups that\nwaited", lambda mode: count_text(mode.waited)),
)


def stampede_tables(results: StampedeResults) -> RenderableType:
    """Return what `stampede` prints: what was measured, the table, and the doubts."""
    table = empty_table(*(heading for heading, _ in COLUMNS))
    table.columns[0].justify = "left"
    for mode in results.modes:
        table.add_row(*(text(mode) for _, text in COLUMNS))
    doubts = [
        Text(f"* {mode.protection}: {doubt.text}; {doubt.advice}")
        for mode in results.modes
        for doubt in mode.doubts
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

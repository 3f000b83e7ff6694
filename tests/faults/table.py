"""The table of faults in docs/drills.md: written from measurements, and read back by tests."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from loadtests.output.marked_text import replace_between
from tests.faults.kinds.every_fault import OF_DATABASE, OF_REDIS
from tests.faults.measurement import Figures
from tests.faults.start import Said

BEGIN, END = "<!-- faults: written by make test-faults -->\n", "<!-- end of faults -->\n"
HEAD = (
    "| fault | failed lookups | failed hits | refused writes | slowest hit | lookups meanwhile "
    "| metrics, or the log | well after |\n|---|---|---|---|---|---|---|---|\n"
)
TOTALS = (
    "Of {requests} requests, {errors_500} were answered with 500; of {writes} acknowledged writes, "
    "{lost_writes} were lost; {stale} lookups returned an older row than a write acknowledged "
    "before them. Under the faults of Redis {failed_lookups} lookups of existing ids failed, under "
    "those of the database {failed_hits} hits. All was well {well_seconds} s after a fault at the "
    "latest.\n\n"
)


@dataclass(frozen=True)
class Row:
    """One row of the table, as the page says it.

    Attributes:
        result: The result that most lookups had while the fault lasted.
        breaker: The dependency whose breaker was open; "" when none was.
    """

    fault: str
    failed_lookups: int
    failed_hits: int
    refused_writes: int
    result: str
    breaker: str
    well_seconds: float


def write(page: Path, measured: Mapping[str, Figures]) -> None:
    """Replace the table of a page."""
    replace_between(page, BEGIN, END, text(measured))


def line(name: str, figures: Figures) -> str:
    """Return the line of a fault."""
    saw = ", ".join(f"{result} {number}" for result, number in figures.results.most_common())
    cells = [
        name,
        figures.failed_lookups,
        figures.failed_hits,
        figures.refused_writes,
        "?" if figures.slowest_hit_ms is None else f"{figures.slowest_hit_ms:.0f} ms",
        saw,
        figures.metrics or "nothing",
        "never" if figures.well_seconds is None else f"{figures.well_seconds:.1f} s",
    ]
    return f"| {' | '.join(map(str, cells))} |\n"


def row(line: str) -> Row:
    """Return what a line says."""
    cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
    name, lookups, hits, writes, _, saw, metrics, well = cells
    opened = re.match(r"breaker of (\w+) open", metrics)
    return Row(
        name,
        int(lookups),
        int(hits),
        int(writes),
        saw.split()[0],
        opened[1] if opened else "",
        float("inf") if well == "never" else float(well.removesuffix(" s")),
    )


def text(measured: Mapping[str, Figures]) -> str:
    """Return the totals and the table."""
    names = ("requests", "errors_500", "writes", "lost_writes", "stale")
    totals = {name: sum(getattr(one, name) for one in measured.values()) for name in names}
    totals["failed_lookups"] = sum(
        one.failed_lookups for name, one in measured.items() if name in OF_REDIS
    )
    totals["failed_hits"] = sum(
        one.failed_hits for name, one in measured.items() if name in OF_DATABASE
    )
    shown = {name: f"{number:,}" for name, number in totals.items()}
    wells = [one.well_seconds for one in measured.values()]
    shown["well_seconds"] = "never" if None in wells else f"{max(wells):.1f}"
    rows = "".join(line(name, figures) for name, figures in measured.items())
    return TOTALS.format(**shown) + HEAD + rows


def read(page: Path) -> list[Row]:
    """Return the rows of the table of a page."""
    table = page.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    return [row(line) for line in table.splitlines() if line.startswith("| ") and line not in HEAD]


def read_totals(page: Path) -> dict[str, float]:
    """Return the totals above the table of a page."""
    pattern = re.escape(TOTALS.strip()).replace(r"\{", "(?P<").replace(r"\}", r">[\d.,]+)")
    found = re.search(pattern, page.read_text(encoding="utf-8"))
    return {name: float(number.replace(",", "")) for name, number in found.groupdict().items()}


STARTS_BEGIN = "<!-- starts: written by make test-faults -->\n"
STARTS_END = "<!-- end of starts -->\n"
STARTS_HEAD = "| start | ends, or lookups | cause counted | what it says |\n|---|---|---|---|\n"
_OF_ONE_RUN = re.compile(r"(127\.0\.0\.1|PORT|port) ?(:?)\d{4,5}\b")


def write_starts(page: Path, said: Mapping[str, Said]) -> None:
    """Replace the table of starts of a page."""
    replace_between(page, STARTS_BEGIN, STARTS_END, starts_text(said))


def starts_text(said: Mapping[str, Said]) -> str:
    """Return the table of starts."""
    return STARTS_HEAD + "".join(start_line(name, one) for name, one in said.items())


def start_line(name: str, said: Said) -> str:
    """Return the line of a start, without the ports that one run had."""
    outcome = ", ".join(sorted(said.results)) if said.code is None else f"exit code {said.code}"
    words = _OF_ONE_RUN.sub(r"\1\2…", said.words).replace("|", "\\|")
    return f"| {name} | {outcome} | {', '.join(said.causes)} | {words} |\n"


def read_starts(page: Path) -> list[str]:
    """Return the lines of the table of starts of a page."""
    table = page.read_text(encoding="utf-8").partition(STARTS_BEGIN)[2].partition(STARTS_END)[0]
    return table.removeprefix(STARTS_HEAD).splitlines(keepends=True)

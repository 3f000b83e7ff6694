"""How an act of the evening went: as a line of the terminal, and as a table of a document."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtests.output.figure_text import milliseconds_text, number_text, percent_text
from loadtests.output.marked_text import replace_between
from loadtests.service_under_test.contract import count_cache_lookups, hit_ratio
from loadtests.service_under_test.counters import ServiceCounters, loads

BEGIN, END = "<!-- evening: written by make evening -->\n", "<!-- end of evening -->"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one act went.

    Attributes:
        act: Its name.
        counts: What the service counted in it.
        p99: Of the response times in seconds; None without any.
        unanswered: Lookups without an answer.
        busy_ratio: The share of the machine's cores that all its programs used.
    """

    act: str
    counts: ServiceCounters
    p99: float | None
    unanswered: int
    busy_ratio: float

    def cells(self) -> list[str]:
        """Return the figures as text, in the order of HEADINGS."""
        lookups, fills = self.counts.lookups, self.counts.fills
        asked = count_cache_lookups(lookups)
        stored, redundant = fills["stored"], fills["redundant"]
        return [
            percent_text(hit_ratio(lookups)),
            percent_text(lookups["stale"] / asked if asked else None),
            str(loads(self.counts.store_queries)),
            number_text((stored + redundant) / stored if stored else None, 2),
            milliseconds_text(self.p99),
            str(self.unanswered),
            percent_text(self.busy_ratio),
        ]


HEADINGS = ("hit ratio", "expired", "loads", "a fill", "p99 ms", "no answer", "machine")


def has_place(document: Path) -> bool:
    """Return whether a document has a place for the table."""
    return document.is_file() and BEGIN in document.read_text(encoding="utf-8")


def line_text(name: str, cells: Sequence[str]) -> str:
    """Return the line of an act, or that of the headings, for the terminal."""
    return f"{name:14}" + "".join(f"{cell:>11}" for cell in cells)


def conditions_text(calm: float) -> str:
    """Return what the figures were measured on."""
    return (
        f"{os.cpu_count()} cores for servers and load together;"
        f" other programs kept them {percent_text(calm)} busy before the first act."
    )


def write_table(document: Path, outcomes: Sequence[Outcome], calm: float) -> None:
    """Write the table into a document, in place of the one that stands there."""
    rows = [["", *HEADINGS], ["---"] * (len(HEADINGS) + 1)]
    rows += [[outcome.act, *outcome.cells()] for outcome in outcomes]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    replace_between(document, BEGIN, END, f"{table}\n\n{conditions_text(calm)}\n")

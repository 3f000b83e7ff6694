"""A table as text, which the HTML page and the Markdown page draw in their own ways."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Generic, NamedTuple, TypeVar

from loadtests.output.figure_text import UNKNOWN

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Column(Generic[_T]):
    """One column.

    Attributes:
        heading: What stands above it.
        text: Returns its cell of a row.
        group: What stands above several columns.
        optional: Whether to leave it out where every cell is unknown.
    """

    heading: str
    text: Callable[[_T], str]
    group: str = ""
    optional: bool = False


class Row(NamedTuple):
    """One row.

    Attributes:
        cells: Their texts.
        doubted: Whether nothing may be concluded from them.
    """

    cells: Sequence[str]
    doubted: bool


class Grid(NamedTuple):
    """A table.

    Attributes:
        groups: Each heading above columns, with their number.
        headings: Of every column.
        labels: The same with the heading of the group, for one cell by itself.
        first: Whether a column is the first of its group.
        rows: In order.
    """

    groups: Sequence[tuple[str, int]]
    headings: Sequence[str]
    labels: Sequence[str]
    first: Sequence[bool]
    rows: Sequence[Row]


def make_grid(
    columns: Iterable[Column[_T]], subjects: Sequence[_T], doubted: Callable[[_T], bool]
) -> Grid:
    """Return a row for each subject, without optional columns of which nothing is known."""
    texts = [(column, [column.text(subject) for subject in subjects]) for column in columns]
    kept = [
        (column, cells)
        for column, cells in texts
        if not column.optional or any(cell != UNKNOWN for cell in cells)
    ]
    shown = [column for column, _ in kept]
    rows = zip(*(cells for _, cells in kept), strict=True)
    groups = [(name, len(list(same))) for name, same in groupby(c.group for c in shown)]
    return Grid(
        groups=groups,
        headings=[column.heading for column in shown],
        labels=[f"{column.group} {column.heading}".strip() for column in shown],
        first=[index == 0 for _, number in groups for index in range(number)],
        rows=[Row(cells, doubted(of)) for cells, of in zip(rows, subjects, strict=True)],
    )

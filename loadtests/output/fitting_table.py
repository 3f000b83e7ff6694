"""A table of figures that fits a narrow terminal: in several parts, rather than figures in bits."""

from collections.abc import Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Column, Table

_BESIDE = 2
"""Columns of the terminal that a column of a table takes beside its cells."""

_FIGURE = 12
"""Cells up to this width are figures and are not folded; longer ones are words, which may be."""

_HEADING = 4
"""A heading is given so much, and is folded if its cells do not need more."""


class FittingTable:
    """A table with right-aligned columns whose headings may be folded, and whose figures are not.

    Where its columns do not fit side by side, it is printed in parts, one below the other, each of
    which begins with the columns that name the rows.

    Args:
        headings: Of the columns.
        words: How many columns name the rows in words, which stand left; with none, the first
            column names them in figures.
    """

    def __init__(self, *headings: str, words: int = 0) -> None:
        self._headings = headings
        self._words = words
        self._rows: list[Sequence[str]] = []

    def add_row(self, *cells: str) -> None:
        """Add a row."""
        self._rows.append(cells)

    def __rich_console__(
        self,
        console: Console,
        options: ConsoleOptions,
    ) -> RenderResult:
        """Yield the table, or its parts."""
        columns = [[*self._headings], *self._rows]
        wanted = [max(map(_width, cells)) for cells in zip(*columns, strict=True)]
        least = [
            max([min(_width(heading), _HEADING), *(min(_width(cell), _FIGURE) for cell in cells)])
            for heading, *cells in zip(*columns, strict=True)
        ]
        for part in _parts(least, max(self._words, 1), options.max_width):
            spare = options.max_width - sum(least[place] + _BESIDE for place in part)
            yield self._part(part, _shared(least, wanted, part, spare))

    def _part(self, part: Sequence[int], widths: Sequence[int]) -> Table:
        columns = [
            Column(
                self._headings[place],
                justify="left" if place < self._words else "right",
                overflow="fold",
                width=widths[place],
            )
            for place in part
        ]
        table = Table(*columns, box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
        for row in self._rows:
            table.add_row(*(row[place] for place in part))
        return table


def _width(text: str) -> int:
    """Return the width of the longest line of a cell."""
    return max(map(cell_len, text.split("\n")))


def _shared(
    least: Sequence[int], wanted: Sequence[int], part: Sequence[int], spare: int
) -> list[int]:
    """Return the widths of columns, of which those of a part share what is spare."""
    widths = [*least]
    while spare > 0 and (wanting := [place for place in part if widths[place] < wanted[place]]):
        for place in wanting[:spare]:
            widths[place] += 1
        spare -= len(wanting)
    return widths


def _parts(widths: Sequence[int], naming: int, room: int) -> Iterator[list[int]]:
    """Yield the places of the columns of each part; the first *naming* columns are in all."""
    names = [*range(naming)]
    of_names = sum(widths[place] + _BESIDE for place in names)
    part, used = [*names], of_names
    for place in range(naming, len(widths)):
        width = widths[place] + _BESIDE
        if used + width > room and len(part) > naming:
            yield part
            part, used = [*names], of_names
        part.append(place)
        used += width
    yield part

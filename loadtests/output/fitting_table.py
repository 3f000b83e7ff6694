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


class FittingTable:
    """A table with right-aligned columns whose headings may be folded, and whose figures are not.

    Where its columns do not fit side by side, it is printed in parts, one below the other, each of
    which begins with the first column.

    Args:
        headings: Of the columns.
    """

    def __init__(self, *headings: str) -> None:
        self._headings = headings
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
        widths = [0] * len(self._headings)
        for row in self._rows:
            widths = [
                max(width, min(cell_len(cell), _FIGURE))
                for width, cell in zip(widths, row, strict=True)
            ]
        for part in _parts(widths, options.max_width):
            yield self._part(part, widths)

    def _part(self, part: Sequence[int], widths: Sequence[int]) -> Table:
        columns = [
            Column(self._headings[place], justify="right", overflow="fold", min_width=widths[place])
            for place in part
        ]
        table = Table(*columns, box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
        for row in self._rows:
            table.add_row(*(row[place] for place in part))
        return table


def _parts(widths: Sequence[int], room: int) -> Iterator[list[int]]:
    """Yield the places of the columns of each part."""
    first, *others = (width + _BESIDE for width in widths)
    part, used = [0], first + _BESIDE
    for place, width in enumerate(others, start=1):
        if used + width > room and len(part) > 1:
            yield part
            part, used = [0], first + _BESIDE
        part.append(place)
        used += width
    yield part

"""Tables in terminals of every width: figures are whole in all of them."""

import io

import pytest
from rich.console import Console

from loadtests.output.fitting_table import FittingTable

HEADINGS = ("TTL", "hit\nratio", "store reads/s", "misses", "expired", "written", "verdict")
ROWS = (
    ("1 s", "41.7 %", "28.35", "7,675", "48,179", "796", "cannot tell (needs 12 min)"),
    ("10 min", "88.6 %", "5.522", "7,675", "1,667", "1,691", "no change beyond 5 %"),
)


def _shown(width, *rows):
    console = Console(file=io.StringIO(), width=width)
    table = FittingTable(*HEADINGS)
    for row in rows:
        table.add_row(*row)
    console.print(table)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("width", [22, 30, 40, 60, 80, 100])
def test_no_figure_is_cut_and_every_part_names_its_rows(width):
    lines = _shown(width, *ROWS)

    assert max(map(len, lines)) <= width
    headings = "".join("".join(lines).split())
    assert all(heading[:4] in headings for heading in HEADINGS if heading.isalpha())
    for row in ROWS:
        starting = [line for line in lines if line.strip().startswith(row[0] + " ")]
        assert all(any(cell in line for line in starting) for cell in row[:6])
    parts = sum("───" in line for line in lines)
    assert len([line for line in lines if line.strip().startswith("10 min ")]) == parts


def test_headings_are_folded_before_a_table_is_parted():
    assert sum("───" in line for line in _shown(66, *ROWS)) == 1
    assert sum("───" in line for line in _shown(40, *ROWS)) == 2


def test_table_without_rows_has_its_headings():
    assert "verdict" in "\n".join(_shown(100))


def test_columns_that_name_rows_stand_left_in_every_part():
    console = Console(file=io.StringIO(), width=30)
    table = FittingTable("drill", "phase", "failed", "p99 ms", "reads/s", words=2)
    table.add_row("kill", "before", "0", "12.5", "1,234.5")
    table.add_row("freeze", "during", "1,200", "2,000", "0")
    console.print(table)

    lines = console.file.getvalue().splitlines()
    assert [line.split() for line in lines if " before" in line] == [
        ["kill", "before", "0", "12.5"],
        ["kill", "before", "1,234.5"],
    ]
    assert all(line.startswith(" kill    before") for line in lines if "before" in line)

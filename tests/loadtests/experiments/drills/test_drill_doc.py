"""The table of drills in a page: written from a run, and true of docs/drills.md."""

from loadtests.experiments.drills.drill_doc import BEGIN, END, has_marks, write_table
from loadtests.stack.faults.drill_faults import DRILL_FAULTS
from loadtests.stack.guardian import ROOT

PAGE = ROOT / "docs/drills.md"


def rows(page):
    """Return the cells of each row of a page's table, by drill and phase."""
    table = page.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]
    return {(each[0], each[1]): each[2:] for each in cells}


def test_table_is_replaced_and_the_rest_of_the_page_stays(tmp_path, drill_folder):
    page = tmp_path / "page.md"
    page.write_text(f"above\n{BEGIN}an old table\n{END}below\n")

    write_table(page, drill_folder)
    write_table(page, drill_folder)

    text = page.read_text()
    assert text.startswith(f"above\n{BEGIN}200 lookups per second of 1000 items")
    assert text.endswith(f"\n{END}below\n")
    assert "an old table" not in text
    assert rows(page)["redis-kill", "during"][:3] == ["2000", "10", "1990"]


def test_page_without_its_marks_in_order_has_no_place_for_the_table(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"{END}{BEGIN}")

    assert not has_marks(page)
    assert has_marks(PAGE)


def test_documented_table_has_three_phases_of_every_drill():
    wanted = {(f.name, phase) for f in DRILL_FAULTS for phase in ("before", "during", "after")}

    assert set(rows(PAGE)) == wanted


def test_documented_table_breaks_no_promise():
    for (name, phase), cells in rows(PAGE).items():
        lookups, failed = int(cells[0]), int(cells[1])
        assert failed == 0 or name.startswith("store")
        assert phase != "before" or failed < 0.01 * lookups
        assert phase != "after" or float(cells[-1]) <= 5

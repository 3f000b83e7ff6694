"""The tables of the documents are those of the committed figures."""

import pytest

from loadtests.output.marked_text import replace_between
from loadtests.side_by_side import tables
from loadtests.side_by_side.baseline import read_baseline
from loadtests.side_by_side.cases import CASES
from loadtests.side_by_side.contenders import RIVALS


@pytest.mark.parametrize(
    ("path", "text"), [(tables.README, tables.short_text), (tables.METHOD, tables.whole_text)]
)
def test_document_has_the_table_that_was_measured_and_nothing_typed(path, text):
    _, _, rest = path.read_text(encoding="utf-8").partition(tables.BEGIN)

    assert rest.partition(tables.END)[0] == text(read_baseline())


def test_table_is_replaced_and_what_stands_around_it_stays(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"above\n{tables.BEGIN}old\n{tables.END}below\n", encoding="utf-8")
    replace_between(page, tables.BEGIN, tables.END, "new\n")

    assert page.read_text() == f"above\n{tables.BEGIN}new\n{tables.END}below\n"


def test_every_case_has_a_name_of_its_own_and_was_measured():
    names = [case.name for case in CASES]

    assert len(set(names)) == len(names)
    assert [case["name"] for case in read_baseline()["cases"]] == names


def test_every_rival_is_measured_and_every_module_exists():
    modules = {contender.module for case in CASES for contender in (case.rival, case.service)}
    files = {path.stem for path in RIVALS.glob("*.py")}

    assert modules - {""} == files

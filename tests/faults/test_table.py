"""The table of faults in docs/drills.md has every fault, and none of its rows breaks a promise."""

from loadtests.stack.guardian import ROOT
from tests.faults import table
from tests.faults.kinds.every_fault import FAULTS, SERVICE_FAULTS
from tests.faults.kinds.starts import STARTS

PAGE = ROOT / "docs/drills.md"


def test_table_has_a_row_for_every_fault_and_no_other():
    assert [row.fault for row in table.read(PAGE)] == [fault.name for fault in FAULTS]


def test_table_of_starts_has_a_row_for_every_start_and_no_other():
    named = [line.split(" | ")[0].removeprefix("| ") for line in table.read_starts(PAGE)]

    assert named == [start.name for start in STARTS]


def test_what_ends_at_its_start_has_exit_code_two_and_what_serves_has_a_cause():
    for start, line in zip(STARTS, table.read_starts(PAGE), strict=True):
        _, outcome, cause, words = [cell.strip() for cell in line.strip("|\n ").split(" | ")]
        assert (outcome == "exit code 2") is not start.serves
        assert bool(cause) is start.serves
        assert words


def test_no_row_of_the_table_breaks_a_promise():
    rows = {row.fault: row for row in table.read(PAGE)}
    for fault in SERVICE_FAULTS:
        row = rows[fault.name]
        assert fault.lookups_fail or row.failed_lookups == 0
        assert fault.hits_fail or row.failed_hits == 0
        assert fault.writes_fail or row.refused_writes == 0
    assert max(row.well_seconds for row in rows.values()) <= 5


def test_totals_of_the_table_break_no_promise():
    totals = table.read_totals(PAGE)

    assert (totals["errors_500"], totals["lost_writes"], totals["stale"]) == (0, 0, 0)
    assert (totals["failed_lookups"], totals["failed_hits"]) == (0, 0)
    assert totals["well_seconds"] <= 5
    assert totals["requests"] > 10_000
    assert totals["writes"] > 500

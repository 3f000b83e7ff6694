"""The table of faults in docs/drills.md has every fault, and none of its rows breaks a promise."""

from loadtests.stack.guardian import ROOT
from tests.faults import table
from tests.faults.kinds.every_fault import FAULTS, SERVICE_FAULTS

PAGE = ROOT / "docs/drills.md"


def test_table_has_a_row_for_every_fault_and_no_other():
    assert [row.fault for row in table.read(PAGE)] == [fault.name for fault in FAULTS]


def test_no_row_of_the_table_breaks_a_promise():
    rows = {row.fault: row for row in table.read(PAGE)}
    for fault in SERVICE_FAULTS:
        row = rows[fault.name]
        assert fault.lookups_fail or row.failed_lookups == 0
        assert fault.hits_fail or row.failed_hits == 0
        assert fault.writes_fail or row.refused_writes == 0
    assert max(row.well_seconds for row in rows.values()) <= 5


def test_totals_of_the_table_have_no_500_no_lost_write_and_no_stale_read():
    totals = table.read_totals(PAGE)

    assert (totals["errors_500"], totals["lost_writes"], totals["stale"]) == (0, 0, 0)
    assert totals["requests"] > 10_000
    assert totals["writes"] > 500

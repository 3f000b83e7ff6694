"""Everything that can be broken from outside, broken under the same traffic and measured alike."""

import pytest

from loadtests.stack.guardian import ROOT
from tests.drills.drill_report import print_figure
from tests.drills.machine import MAX_CORES_OF_OTHERS
from tests.faults import table
from tests.faults.kinds.every_fault import SERVICE_FAULTS

pytestmark = [
    pytest.mark.integration,
    pytest.mark.exclusive,
    pytest.mark.usefixtures("require_servers"),
]

CASES = [
    pytest.param(fault, id=fault.name, marks=[] if fault.in_short else pytest.mark.accept)
    for fault in SERVICE_FAULTS
]
ATTEMPTS = 3
PAGE = ROOT / "docs/drills.md"


@pytest.fixture(scope="module", params=CASES)
def fault(request):
    return request.param


@pytest.fixture(scope="module")
def figures(request, measured, fault):
    """The figures of a fault; on a busy machine, those of the first attempt that is good."""
    stage = "measurements_with_clock" if fault.needs_clock else "measurements"
    measurements = request.getfixturevalue(stage)
    for _ in range(ATTEMPTS):
        figures = measurements.measure(fault)
        if not broken_promises(fault, figures):
            measured[fault.name] = figures
            break
        print_figure(f"{fault.name}, other programs use {figures.others:.1f} cores: {figures}")
        if figures.others <= MAX_CORES_OF_OTHERS:
            break
    return figures


def broken_promises(fault, figures):
    """Return what the services did not hold during a fault."""
    promises = {
        "no answer of 500": figures.errors_500 == 0,
        "no acknowledged write is lost": figures.lost_writes == 0,
        "no stale read": figures.stale == 0,
        "no lookup fails": fault.lookups_fail or figures.failed_lookups == 0,
        "no hit fails": fault.hits_fail or figures.failed_hits == 0,
        "no write is refused": fault.writes_fail or figures.refused_writes == 0,
        "no hit takes a second": fault.of_one_process or figures.slowest_hit_ms < 1000,
        "metrics agree with clients": not figures.disagree,
        "well within 5 s": figures.well_seconds is not None and figures.well_seconds <= 5,
    }
    return [promise for promise, holds in promises.items() if not holds]


def test_service_keeps_its_promises_during_a_fault(fault, figures):
    assert broken_promises(fault, figures) == [], figures


def test_page_says_what_a_fault_does(fault, figures):
    documented = {row.fault: row for row in table.read(PAGE)}[fault.name]
    now = table.row(table.line(fault.name, figures))

    assert (documented.result, documented.breaker) == (now.result, now.breaker)

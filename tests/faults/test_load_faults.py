"""The load generator broken under way: what it says, and how soon nothing sends uncounted."""

import os

import pytest

from tests.drills.drill_report import print_figure
from tests.faults.kinds.load_faults import FAULTS

pytestmark = [
    pytest.mark.integration,
    pytest.mark.exclusive,
    pytest.mark.usefixtures("require_servers"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_load_generator_keeps_its_promises_during_a_fault(measurements, measured, fault, tmp_path):
    if os.geteuid() and "disk" in fault.name:
        pytest.skip("only root can mount a small disk")
    figures = fault.measure(measurements.stage, tmp_path)
    print_figure(f"{fault.name}: {figures}")

    assert (figures.failed_lookups, figures.errors_500) == (0, 0)
    assert figures.well_seconds <= 5
    measured[fault.name] = figures

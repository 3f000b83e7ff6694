"""Which figures are worse than the committed ones."""

import copy

import pytest

from loadtests.side_by_side.baseline import read_baseline, within, worse

KNOWN = {
    "cases": [
        {"name": "steady", "ratio": 2.0, "spread": 0.01},
        {"name": "wide", "ratio": 2.0, "spread": 0.2},
    ],
    "pairs": 9,
    "costs": {
        "metrics_bytes": 20_000,
        "memory_mb": 60.0,
        "start_seconds": 1.0,
        "memory_growth_ratio": 0.005,
        "lookups": 1_000_000,
    },
}


@pytest.fixture
def figures():
    return copy.deepcopy(KNOWN)


def test_equal_figures_are_not_worse(figures):
    assert worse(figures, KNOWN) == []


@pytest.mark.parametrize(
    ("case", "ratio", "is_worse"),
    [(0, 1.71, False), (0, 1.69, True), (1, 1.2, False), (1, 1.0, True)],
)
def test_ratio_may_fall_by_15_percent_or_as_far_as_another_run_may(figures, case, ratio, is_worse):
    figures["cases"][case]["ratio"] = ratio

    assert bool(worse(figures, KNOWN)) is is_worse


def test_line_names_the_case_its_ratio_and_what_it_was(figures):
    figures["cases"][0]["ratio"] = 1.0

    assert worse(figures, KNOWN) == ["steady: 1.00, was 2.00 (least 1.70)"]


def test_ratio_outside_its_range_is_named_with_its_range(figures):
    assert within(figures, KNOWN) == "2 of 2 ratios lie within their ranges"
    figures["cases"][0]["ratio"] = 2.2

    assert within(figures, KNOWN) == (
        "1 of 2 ratios lie within their ranges; outside: steady 2.20 (1.94-2.06)"
    )


def test_case_that_the_baseline_does_not_know_is_not_judged(figures):
    figures["cases"][0] |= {"name": "new", "ratio": 0.1}

    assert worse(figures, KNOWN) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("metrics_bytes", 20_500), ("memory_mb", 67.0), ("start_seconds", 1.4)],
)
def test_grown_cost_is_worse(figures, name, value):
    figures["costs"][name] = value
    (line,) = worse(figures, KNOWN)

    assert line.startswith(f"{name}: {value}")


def test_memory_that_grows_with_lookups_is_worse(figures):
    figures["costs"]["memory_growth_ratio"] = 0.021

    assert worse(figures, KNOWN) == ["memory grew by 2.1 % over 1000000 lookups (most 2.0 %)"]


def test_committed_baseline_is_not_worse_than_itself():
    baseline = read_baseline() | {}
    baseline["costs"]["memory_growth_ratio"] = 0.0

    assert worse(baseline, baseline) == []

"""What theory predicts between the TTLs of a sweep."""

import dataclasses

import pytest

from loadtests.experiments.figures.theory_curve import MOST_ITEMS, Probe, theory_curve
from loadtests.experiments.plan.fields import Given
from loadtests.experiments.plan.plan import make_plan

KNOBS = {"ttl_seconds": 1.0, "protection": "single-flight", "negative_ttl_seconds": 5.0}
QUICK = Probe(0.0, 1)


@pytest.fixture
def planned(run_record):
    """Return a function that makes the record of a run with some values of its plan."""

    def make(**values):
        plan = make_plan({name: Given(value, name) for name, value in values.items()}, {})
        return dataclasses.replace(run_record, plan=dataclasses.asdict(plan))

    return make


def test_curve_of_one_item_is_the_formula_of_one_item(planned):
    # One item asked for 10 times a second: h = 10 T / (1 + 10 T).
    run = planned(items=1, rate=10)

    curve = theory_curve(run, [1.0, 9.0, 3.0], KNOBS, QUICK)

    by_ttl = {point.ttl_seconds: point for point in curve}
    assert len(curve) > 10
    assert list(by_ttl) == sorted(by_ttl)
    assert (min(by_ttl), max(by_ttl)) == (1.0, 9.0)
    for ttl, point in by_ttl.items():
        assert point.predicted_hit_ratio == pytest.approx(10 * ttl / (1 + 10 * ttl), abs=0.01)
        loads = point.predicted_store_queries_per_second
        assert loads == pytest.approx(10 * (1 - point.predicted_offload_ratio))
    assert by_ttl[3.0].predicted_hit_ratio == pytest.approx(30 / 31, abs=0.005)


def test_curve_leaves_out_a_ttl_of_zero(planned):
    curve = theory_curve(planned(items=1), [0.0, 1.0, 2.0], KNOBS, QUICK)

    assert min(point.ttl_seconds for point in curve) == 1.0


def test_there_is_no_curve_of_one_ttl_a_trace_a_moving_set_or_very_many_items(planned, tmp_path):
    trace = tmp_path / "ids.txt"
    trace.write_text("1\n2\n")

    assert theory_curve(planned(), [1.0], KNOBS, QUICK) == []
    assert theory_curve(planned(trace=str(trace)), [1.0, 2.0], KNOBS, QUICK) == []
    assert theory_curve(planned(popularity="sliding"), [1.0, 2.0], KNOBS, QUICK) == []
    assert theory_curve(planned(items=MOST_ITEMS + 1), [1.0, 2.0], KNOBS, QUICK) == []


def test_curve_is_unknown_where_there_is_no_formula(planned):
    curve = theory_curve(planned(), [1.0, 2.0], {**KNOBS, "protection": "early"}, QUICK)

    assert {point.predicted_hit_ratio for point in curve} == {None}


def test_plan_of_another_version_has_no_curve(planned, run_record):
    run = planned()
    plan = {**run.plan, "load": {**run.plan["load"], "colour": "green"}}

    assert theory_curve(dataclasses.replace(run, plan=plan), [1.0, 2.0], KNOBS, QUICK) == []
    assert theory_curve(run_record, [1.0, 2.0], KNOBS, QUICK) == []

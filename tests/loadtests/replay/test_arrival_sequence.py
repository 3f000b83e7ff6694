"""The arrivals of a run are those that its senders draw."""

import numpy as np
import pytest

from loadtests.replay.arrival_sequence import ArrivalSequence
from loadtests.traffic.arrivals import PoissonArrivals
from loadtests.traffic.trace import Trace
from loadtests.workload.assignments import Epoch
from loadtests.workload.scenario import Scenario, Workload
from tests.loadtests.settings_for import settings

READS, WRITES = Scenario(), Scenario(writes=True)


def sequence_of(users, scenarios=None, trace=None, replicas=1, **given):
    scenarios = scenarios or {"ReadHeavy": READS}
    workload = Workload(settings(**given), trace)
    return ArrivalSequence(workload, scenarios, Epoch(0.0, 0.0, 0, users), replicas)


def alone(**given):
    return sequence_of({"process": {"ReadHeavy": 1}}, **given)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"popularity": "uniform", "items": 200},
        {"popularity": "sliding", "slide_per_second": 50.0},
        {"popularity": "hotset"},
        {"missing_ratio": 0.2, "missing_items": 50, "one_hit_ratio": 0.1},
        {"shape": "sine", "shape_peak": 3.0, "shape_period_seconds": 5.0},
        {"items": 3_000_000},
    ],
    ids=str,
)
def test_arrivals_of_one_stream_are_the_first_sequence_of_the_seed(given):
    options = settings(rate=200.0, seed=9, **given)
    times = PoissonArrivals(200.0, options.rate_shape, 9).next_times(1000)

    taken = alone(rate=200.0, seed=9, **given).take(float(times[-1]))

    assert taken.times.tolist() == pytest.approx(times.tolist())
    ids = READS.popularity(options, None).sampler(0).draw(taken.times)
    assert taken.keys.tolist() == ids.tolist()
    assert not taken.writes.any()


def test_arrivals_do_not_depend_on_how_far_they_are_taken_at_a_time():
    whole, parts = alone(rate=300.0), alone(rate=300.0)

    together = whole.take(10.0)

    pieces = [parts.take(until) for until in (0.1, 0.1, 2.5, 7.0, 10.0)]
    assert np.concatenate([piece.keys for piece in pieces]).tolist() == together.keys.tolist()
    assert np.concatenate([piece.times for piece in pieces]).tolist() == together.times.tolist()


@pytest.mark.parametrize("scenario", [READS, WRITES])
def test_several_processes_send_the_same_requests_as_one(scenario):
    given = {"rate": 200.0, "write_ratio": 0.2}
    one = sequence_of({"a": {"X": 6}}, {"X": scenario}, **given).take(10.0)

    three = sequence_of(
        {"a": {"X": 3}, "b": {"X": 2}, "c": {"X": 1}}, {"X": scenario}, **given
    ).take(10.0)

    for column in ("times", "keys", "writes"):
        assert getattr(three, column).tolist() == getattr(one, column).tolist()
    assert one.writes.any() == scenario.writes


def test_each_process_sends_to_the_replicas_in_turn():
    taken = alone(replicas=3, rate=100.0).take(1.0)
    more = alone(replicas=3, rate=100.0)
    parts = [more.take(0.5).replicas, more.take(1.0).replicas]

    assert taken.replicas[:7].tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert np.concatenate(parts).tolist() == taken.replicas.tolist()


def test_scenarios_side_by_side_share_the_rate_in_order_of_time():
    both = {"HotKey": Scenario(hot_key=True), "ReadWrite": WRITES}

    taken = sequence_of({"a": {"HotKey": 3, "ReadWrite": 1}}, both, rate=400.0).take(20.0)

    assert taken.times.size == pytest.approx(8000, rel=0.05)
    assert (np.diff(taken.times) >= 0).all()


def test_users_of_a_later_epoch_draw_a_new_sequence_from_its_beginning_on():
    sequence = alone(rate=100.0)
    before = sequence.take(5.0)

    sequence.begin(Epoch(0.0, 5.0, 1, {"process": {"ReadHeavy": 2}}))

    after = sequence.take(10.0)
    assert after.times.min() >= 5.0
    assert after.times.size == pytest.approx(500, rel=0.2)
    assert after.keys[:100].tolist() != before.keys[:100].tolist()


def test_trace_is_taken_in_file_order_to_its_end():
    trace = Trace(np.arange(1, 2001), None)

    taken = alone(trace=trace, rate=100.0, arrivals="paced").take(float("inf"))

    assert taken.keys.tolist() == list(range(1, 2001))
    assert taken.times[:3].tolist() == pytest.approx([0.0, 0.01, 0.02])


def test_run_of_so_many_requests_ends_by_itself():
    assert alone(requests=700).take(float("inf")).times.size == 700

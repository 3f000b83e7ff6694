"""Dividing a run among scenarios and processes."""

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.traffic.arrivals import RecordedArrivals
from loadtests.traffic.trace import Trace
from loadtests.workload.assignments import Epoch, divide
from loadtests.workload.flags import FlagError
from loadtests.workload.operations import ALL, Keys, Turns
from loadtests.workload.scenario import Scenario, Workload
from tests.loadtests.settings_for import settings

SCENARIOS = {
    "ReadHeavy": Scenario(),
    "HotKey": Scenario(hot_key=True),
    "MissingIds": Scenario(missing=True),
    "ReadWrite": Scenario(writes=True),
    "TraceReplay": Scenario(trace_only=True),
    "ClosedLoop": Scenario(closed_loop=True),
}
ORDERED = {"popularity": "scan"}

users_of_processes = st.dictionaries(
    st.text("abc", min_size=1, max_size=2),
    st.dictionaries(st.sampled_from(["ReadHeavy", "HotKey"]), st.integers(0, 5), max_size=2),
    max_size=5,
)


def divide_users(users, trace=None, epoch=0, **given):
    workload = Workload(settings(**given), trace)
    return divide(Epoch(100.0, 0.0, epoch, users), workload, SCENARIOS)


def alone(trace=None, given=None, **users):
    """Return the assignments of a process that has all users, by scenario."""
    assignments = divide_users({"only": users}, trace, **(given or {}))["only"]
    return {assignment.scenario: assignment for assignment in assignments}


def slots(users, total, **given):
    parts = divide_users(users, max_in_flight=total, **given)
    return [sum(assignment.slots for assignment in part) for part in parts.values()]


@given(users_of_processes)
def test_every_user_has_exactly_one_turn(users):
    turns = {"ReadHeavy": [], "HotKey": []}
    for assignments in divide_users(users).values():
        for assignment in assignments:
            part = assignment.part
            turns[assignment.scenario] += range(part.first, part.first + part.here)

    for scenario, numbers in turns.items():
        total = sum(counts.get(scenario, 0) for counts in users.values())
        assert sorted(numbers) == list(range(total))


@given(users_of_processes)
def test_every_user_of_a_closed_loop_has_a_sequence_of_its_own(users):
    counts = {process: {"ClosedLoop": sum(own.values())} for process, own in users.items()}
    sequences = [
        assignment.sequence
        for epoch in (0, 1)
        for assignments in divide_users(counts, epoch=epoch).values()
        for assignment in assignments
    ]

    assert len(set(sequences)) == len(sequences)
    assert len(sequences) == 2 * sum(own["ClosedLoop"] for own in counts.values())


@given(users_of_processes, st.integers(5, 100), st.booleans())
def test_slots_of_all_processes_add_up_to_the_total(users, total, ordered):
    parts = slots(users, total, **(ORDERED if ordered else {}))

    assert not any(parts) or sum(parts) == total


def test_fewer_slots_than_processes_are_refused():
    with pytest.raises(FlagError, match=r"max-in-flight must be at least 2, .* got '1'"):
        slots({"a": {"ReadHeavy": 1}, "b": {"ReadHeavy": 1}}, 1)


def test_the_process_that_sends_an_ordered_scenario_has_all_slots():
    assert slots({"a": {"ReadHeavy": 1}, "b": {"ReadHeavy": 3}}, 1, **ORDERED) == [1, 0]


def test_the_leader_of_a_scenario_with_few_users_still_has_a_slot():
    assert slots({"a": {"ReadHeavy": 100}, "b": {"HotKey": 1}}, 50, **ORDERED) == [49, 1]


def test_one_slot_is_enough_for_a_process_that_leads_all_scenarios():
    users = {"a": {"ReadHeavy": 3, "HotKey": 1}, "b": {"ReadHeavy": 1}}

    assert slots(users, 1, **ORDERED) == [1, 0]


def test_fewer_slots_than_processes_that_lead_a_scenario_are_refused():
    users = {"a": {"ReadHeavy": 1}, "b": {"HotKey": 1}, "c": {"HotKey": 1}}

    with pytest.raises(FlagError, match=r"max-in-flight must be at least 2, .* got '1'"):
        slots(users, 1, **ORDERED)


@given(users_of_processes)
def test_an_epoch_survives_packing_and_unpacking(users):
    epoch = Epoch(100.0, 9.0, 1, users)

    assert Epoch(**asdict(epoch)) == epoch


@given(users_of_processes)
def test_no_two_scenarios_draw_the_same_sequence(users):
    drawn = {
        (assignment.scenario, epoch): assignment.sequence
        for epoch in (0, 1)
        for assignments in divide_users(users, epoch=epoch).values()
        for assignment in assignments
    }

    assert len(set(drawn.values())) == len(drawn)


def test_a_scenario_alone_draws_the_first_sequence():
    assert alone(HotKey=3, ReadHeavy=0)["HotKey"].sequence == 0


def test_processes_without_users_take_no_part():
    assert set(divide_users({"a": {"ReadHeavy": 1}, "b": {"ReadHeavy": 0}})) == {"a"}


def test_processes_of_a_scenario_are_numbered():
    users = {"a": {"ReadWrite": 1}, "b": {"ReadWrite": 2, "HotKey": 1}}

    assert [each.part for each in divide_users(users)["b"]] == [Turns(0, 1, 1), Keys(1, 2)]


def test_the_rate_is_divided_among_scenarios_by_their_users():
    arrivals = alone(given={"rate": 100.0}, HotKey=1, ReadHeavy=3)["ReadHeavy"].arrivals

    times = arrivals.next_times(75_000)

    assert times.size / times[-1] == pytest.approx(75.0, rel=0.02)


def test_scenarios_have_independent_arrivals():
    one, other = (each.arrivals.next_times(10) for each in alone(HotKey=1, ReadHeavy=1).values())

    assert not np.allclose(one, other)


@pytest.mark.parametrize("requests", [1, 10, 1001])
def test_quotas_add_up_to_the_requests(requests):
    parts = alone(given={"requests": requests}, HotKey=2, MissingIds=1, ReadHeavy=4)

    assert sum(part.quota for part in parts.values()) == requests


def test_quotas_of_closed_loops_add_up_to_the_requests():
    parts = divide_users({"a": {"ClosedLoop": 2}, "b": {"ClosedLoop": 1}}, requests=10)

    assert [[each.quota for each in part] for part in parts.values()] == [[4, 3], [3]]


def test_a_run_without_a_number_of_requests_has_no_quota():
    assert alone(ReadHeavy=1)["ReadHeavy"].quota is None


def test_a_trace_keeps_its_own_times_on_request():
    trace = Trace(np.array([1, 2]), np.array([0.0, 3.0]))

    parts = alone(trace, {"trace_times": "yes"}, TraceReplay=1)

    assert isinstance(parts["TraceReplay"].arrivals, RecordedArrivals)


@pytest.mark.parametrize("scenario", ["TraceReplay", "ClosedLoop"])
def test_an_ordered_sequence_is_sent_by_one_process(scenario):
    trace = Trace(np.array([1, 2]), None)

    parts = divide_users({"a": {scenario: 1}, "b": {scenario: 3}}, trace)

    assert {each.part for each in parts["a"]} == {ALL}
    assert parts["b"] == []


def test_a_scenario_with_writes_is_divided_by_key():
    assert isinstance(alone(ReadWrite=1)["ReadWrite"].part, Keys)

"""Numbering users over scenarios and processes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.workload.flags import FlagError
from loadtests.workload.shares import divide, unpacked_share

users_of_processes = st.dictionaries(
    st.text("abc", min_size=1, max_size=2),
    st.dictionaries(st.sampled_from(["ReadHeavy", "HotKey"]), st.integers(0, 5), max_size=2),
    max_size=5,
)


def shares(users):
    return divide(100.0, 0.0, 0, users)


@given(users_of_processes)
def test_every_user_has_exactly_one_number(users):
    numbers = []
    for share in shares(users).values():
        for part in share.scenarios.values():
            numbers += range(part.base + part.first, part.base + part.first + part.here)

    assert sorted(numbers) == list(range(sum(sum(counts.values()) for counts in users.values())))


@given(users_of_processes, st.integers(5, 100), st.booleans())
def test_slots_of_all_processes_add_up_to_the_total(users, slots, ordered):
    parts = [share.slots(slots, ordered=ordered) for share in shares(users).values()]

    assert not parts or sum(parts) == slots


def test_fewer_slots_than_processes_are_refused():
    share = shares({"a": {"ReadHeavy": 1}, "b": {"ReadHeavy": 1}})["a"]

    with pytest.raises(FlagError, match=r"max-in-flight must be at least 2, .* got '1'"):
        share.slots(1, ordered=False)


def test_the_process_that_sends_an_ordered_scenario_has_all_slots():
    divided = shares({"a": {"ReadHeavy": 1}, "b": {"ReadHeavy": 3}})

    assert [share.slots(1, ordered=True) for share in divided.values()] == [1, 0]


def test_the_leader_of_a_scenario_with_few_users_still_has_a_slot():
    divided = shares({"a": {"ReadHeavy": 100}, "b": {"HotKey": 1}})

    assert [share.slots(50, ordered=True) for share in divided.values()] == [49, 1]


def test_one_slot_is_enough_for_a_process_that_leads_all_scenarios():
    divided = shares({"a": {"ReadHeavy": 3, "HotKey": 1}, "b": {"ReadHeavy": 1}})

    assert [share.slots(1, ordered=True) for share in divided.values()] == [1, 0]


def test_fewer_slots_than_processes_that_lead_a_scenario_are_refused():
    share = shares({"a": {"ReadHeavy": 1}, "b": {"HotKey": 1}, "c": {"HotKey": 1}})["a"]

    with pytest.raises(FlagError, match=r"max-in-flight must be at least 2, .* got '1'"):
        share.slots(1, ordered=True)


@given(users_of_processes)
def test_a_share_survives_packing_and_unpacking(users):
    for share in shares(users).values():
        assert unpacked_share(share.packed()) == share


@given(users_of_processes)
def test_no_two_users_draw_the_same_sequence(users):
    streams = [
        share.stream(scenario, part.first + user)
        for share in (*shares(users).values(), *divide(100.0, 9.0, 1, users).values())
        for scenario, part in share.scenarios.items()
        for user in range(part.here)
    ]

    assert len(set(streams)) == len(streams)


def test_a_scenario_alone_draws_the_first_sequence():
    assert shares({"a": {"HotKey": 3, "ReadHeavy": 0}})["a"].stream("HotKey") == 0


def test_processes_without_users_take_no_part():
    assert set(shares({"a": {"ReadHeavy": 1}, "b": {"ReadHeavy": 0}})) == {"a"}


def test_a_process_that_loses_its_users_has_nothing_to_send():
    left = shares({"a": {"ReadHeavy": 1}})["a"].without_users()

    assert not left.scenarios


def test_processes_of_a_scenario_are_numbered():
    divided = shares({"a": {"ReadHeavy": 1}, "b": {"ReadHeavy": 2, "HotKey": 1}})

    assert divided["b"].scenarios["ReadHeavy"].nth == 1
    assert divided["b"].scenarios["HotKey"].nth == 0
    assert divided["b"].scenarios["HotKey"].processes == 1

"""What the ledger keeps of a run: its epochs, and whether it was fenced throughout."""

import time

import pytest

from loadtests.run.ledger import Ledger
from loadtests.sender.tallies import Tallies
from tests.loadtests.run.environments import read_heavy_environment

ON, OFF = {"fencing": "on"}, {"fencing": "off"}


@pytest.mark.parametrize(
    ("knobs", "fenced"),
    [
        ([ON, ON], True),
        ([OFF, ON], False),
        ([ON, OFF, ON], False),
        ([], False),
        ([ON, ON | {"near_seconds": 5}], False),
    ],
    ids=["on", "off at first", "off for a while", "unknown", "with a near tier"],
)
def test_a_run_is_fenced_only_if_fencing_was_on_all_the_time(knobs, fenced):
    outcomes = []
    ledger = Ledger(read_heavy_environment(), None, outcomes.append)
    for before in knobs[:1]:
        ledger.note_knobs(before)
    ledger.open()
    for after in knobs[1:]:
        ledger.note_knobs(after)

    ledger.conclude(Tallies())

    assert outcomes[0].fenced == fenced


USERS = {"local": {"ReadHeavy": 1}}


@pytest.fixture
def make_ledger():
    def make(**given):
        ledger = Ledger(read_heavy_environment(**given), None, lambda _outcome: None)
        ledger.open()
        return ledger

    return make


def test_the_first_epoch_starts_the_run_and_a_later_one_continues_it(make_ledger):
    ledger = make_ledger()

    first = ledger.next_epoch(USERS, lead_seconds=0.5)
    second = ledger.next_epoch(USERS, lead_seconds=0.5)

    assert (first.number, first.begins, first.started_at) == (0, 0.0, ledger.started_at)
    assert (second.number, second.started_at) == (1, first.started_at)
    assert second.begins > 0.0


def test_without_users_no_run_starts(make_ledger):
    ledger = make_ledger()

    assert ledger.next_epoch({"local": {"ReadHeavy": 0}}, lead_seconds=0.5) is None
    assert ledger.started_at is None


def test_a_run_of_a_number_of_requests_keeps_its_users(make_ledger):
    ledger = make_ledger(requests=100)

    assert ledger.next_epoch(USERS, lead_seconds=0.5) is not None
    assert ledger.next_epoch(USERS, lead_seconds=0.5) is None


def test_users_that_are_no_scenario_take_no_part_in_an_epoch(make_ledger):
    ledger = make_ledger()

    epoch = ledger.next_epoch({"a": {"ReadHeavy": 1, "Visitor": 3}, "b": {"Visitor": 2}}, 0.5)

    assert epoch.users == {"a": {"ReadHeavy": 1}, "b": {}}
    assert epoch.processes == ["a"]
    assert make_ledger().next_epoch({"a": {"Visitor": 3}}, 0.5) is None


@pytest.mark.parametrize("step", [86_400.0, -86_400.0, 3600.0, -3600.0])
def test_a_clock_that_is_set_moves_neither_the_run_nor_a_later_change_of_it(monkeypatch, step):
    ledger = Ledger(read_heavy_environment(), None, lambda _outcome: None)
    ledger.open()
    users = {"here": {"ReadHeavy": 1}}
    ledger.next_epoch(users, lead_seconds=0.0)
    was = time.time
    monkeypatch.setattr(time, "time", lambda: was() + step)

    changed = ledger.next_epoch(users, lead_seconds=2.0)

    assert ledger.elapsed == pytest.approx(0.0, abs=1.5)
    assert changed.begins == pytest.approx(2.0, abs=1.5)

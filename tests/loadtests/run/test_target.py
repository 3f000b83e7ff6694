"""What a run is asked to send, and what of that it has sent."""

import pytest

from loadtests.run.load_user import LoadUser
from loadtests.run.target import Target
from loadtests.sender.samples import RESULT_INDEX
from loadtests.sender.tallies import Tallies
from loadtests.workload.scenario import Scenario
from tests.loadtests.run.environments import read_heavy_environment
from tests.loadtests.settings_for import settings


class Run:
    """A run whose time the test sets."""

    started_at = 1000.0
    elapsed = None

    def __init__(self, **given):
        self.settings = settings(**given)


def target_of(run):
    return Target(read_heavy_environment(), run)


def test_a_steady_rate_asks_for_rate_times_seconds():
    run = Run(rate=40.0)
    target = target_of(run)

    for run.elapsed in (0.0, 1.0, 7.5):
        assert target.arrivals() == pytest.approx(40 * run.elapsed)
        assert target.rate() == 40


def test_a_spike_asks_for_what_its_shape_adds_up_to():
    shape = {"shape": "spike", "shape_peak": 6.0, "shape_period_seconds": 40, "spike_seconds": 20}
    run = Run(rate=40.0, **shape)
    target = target_of(run)

    run.elapsed = 30.0

    assert target.rate() == 240
    assert target.arrivals() == pytest.approx(20 * 40 + 10 * 240)


def test_a_rate_that_is_changed_counts_from_its_change_on():
    run = Run(rate=40.0)
    target = target_of(run)
    run.elapsed = 10.0
    target.arrivals()

    run.settings = settings(rate=100.0)
    run.elapsed = 11.0

    assert target.arrivals() == pytest.approx(10 * 40 + 1 * 100)


def test_the_count_stays_after_the_run_and_begins_anew_with_the_next():
    run = Run(rate=40.0)
    target = target_of(run)
    run.elapsed = 10.0
    target.arrivals()

    run.elapsed = None

    assert (target.arrivals(), target.rate()) == (400, 0)
    run.started_at, run.elapsed = 2000.0, 2.0
    assert target.arrivals() == 80


def test_dropped_arrivals_and_closed_loops_are_not_sent_for_a_target():
    words = ["hit", "hit", "failed", "dropped"]
    tallies = Tallies(rows=[(0.0, 0.1, 0.1, RESULT_INDEX[word], 0) for word in words])
    tallies.fold(["ReadHeavy"], 0.0)
    tallies.rows = [(0.0, 0.1, 0.1, RESULT_INDEX["hit"], 0)] * 5
    tallies.fold(["ClosedLoop"], 0.0)
    tallies.writes, tallies.failed_writes = 4, 1
    environment = read_heavy_environment()
    closed = type("ClosedLoop", (LoadUser,), {"scenario": Scenario(closed_loop=True)})
    environment.user_classes = [*environment.user_classes, closed]

    assert Target(environment, Run()).sent(tallies) == 3 + 5

"""The share of the traffic that the most popular ids have."""

import numpy as np
import pytest

from loadtests.prediction.top_shares import top_shares
from loadtests.traffic.trace import Trace
from loadtests.traffic.zipf import Zipf
from loadtests.workload.scenario import Scenario, Workload
from tests.loadtests.settings_for import settings

TRACE = Trace(np.array([1, 1, 2, 3, 1]), None)


def shares(scenario=None, trace=None, **given):
    return top_shares(Workload(settings(**given), trace), {"it": scenario or Scenario()})


def test_shares_of_a_trace_are_counted():
    assert shares(trace=TRACE) == {"1": pytest.approx(3 / 5), "10": 1.0, "100": 1.0}


def test_only_the_part_of_a_trace_that_is_sent_is_counted():
    assert shares(trace=TRACE, requests=4)["1"] == pytest.approx(2 / 4)


def test_shares_of_zipf_are_exact():
    probabilities = Zipf(1000, 0.99, seed=1).probabilities()

    found = shares(items=1000, skew=0.99)

    assert found["1"] == pytest.approx(probabilities[0])
    assert found["100"] == pytest.approx(probabilities[:100].sum())


@pytest.mark.parametrize("given", [{"shape": "sine", "shape_peak": 3.0}, {"rate": 7.0}])
def test_shares_do_not_depend_on_the_rate(given):
    assert shares(**given) == shares()


def test_a_closed_loop_has_the_same_shares():
    assert shares(Scenario(closed_loop=True)) == shares()


def test_the_share_of_a_hot_key_is_added_to_its_popularity():
    hottest = int(Zipf(1000, 0.99, seed=1).ids_of(np.array([0]))[0])
    base = shares(items=1000, seed=1)["1"]

    found = shares(
        Scenario(hot_key=True), items=1000, seed=1, hot_key=hottest, hot_traffic_ratio=0.1
    )

    assert found["1"] == pytest.approx(0.1 + 0.9 * base)


def test_missing_ids_have_their_share_too():
    known = shares(items=1000)["1"]

    one = shares(Scenario(missing=True), items=1000, missing_items=1)
    never_again = shares(Scenario(missing=True), items=1000, missing_items=0)

    assert one["1"] == pytest.approx(0.5)
    assert one["10"] > 0.5 + known / 2
    assert never_again["1"] == pytest.approx(known / 2)


def test_shares_of_a_moving_popularity_are_unknown():
    assert shares(popularity="sliding") == {}


def test_shares_of_different_scenarios_are_unknown():
    different = {"a": Scenario(), "b": Scenario(hot_key=True)}

    assert top_shares(Workload(settings(), None), different) == {}

"""The ids that each scenario looks up."""

import numpy as np
import pytest

from loadtests.traffic.outside_ids import FIRST_MISSING_ID
from loadtests.traffic.trace import Trace
from loadtests.workload.flags import FlagError
from loadtests.workload.scenario import Scenario
from tests.loadtests.settings_for import settings

TIMES = np.linspace(0.0, 100.0, 20_000)


def ids(scenario=None, *, stream=0, times=TIMES, **given):
    popularity = (scenario or Scenario()).popularity(settings(**given), None)
    return popularity.sampler(stream).draw(times)


def test_uniform_popularity_looks_up_every_id_equally_often():
    counts = np.bincount(ids(popularity="uniform", items=10), minlength=11)[1:]

    assert counts.min() > 0.9 * counts.mean()


def test_a_hot_set_gets_its_share_of_the_traffic():
    drawn = ids(popularity="hotset", items=1000, hot_traffic_ratio=0.8, hot_items_ratio=0.05)
    counts = np.sort(np.bincount(drawn, minlength=1001))[::-1]

    assert counts[:50].sum() / drawn.size == pytest.approx(0.8, abs=0.01)


def test_a_hot_set_of_all_items_draws_only_existing_ids():
    assert ids(popularity="hotset", items=3, hot_items_ratio=1.0).max() == 3


def test_a_sliding_hot_set_moves_over_time():
    drawn = ids(
        popularity="sliding",
        items=1000,
        hot_traffic_ratio=1.0,
        hot_items_ratio=0.01,
        slide_per_second=1.0,
    )

    assert len(set(drawn[:200])) <= 11
    assert len(set(drawn)) > 100
    assert not set(drawn[:200]) & set(drawn[-200:])


def test_a_scan_looks_up_all_ids_in_order():
    assert ids(popularity="scan", items=3, times=TIMES[:7]).tolist() == [1, 2, 3, 1, 2, 3, 1]


def test_the_latest_item_is_the_most_popular_and_changes_over_time():
    drawn = ids(popularity="latest", items=1000, skew=1.2, slide_per_second=1.0)

    early, late = drawn[:400], drawn[-400:]
    assert np.bincount(early).argmax() in (1, 2, 3)
    assert np.bincount(late).argmax() in (98, 99, 100, 101)


def test_a_hot_key_gets_its_share_of_the_traffic():
    drawn = ids(Scenario(hot_key=True), hot_key=7, hot_traffic_ratio=0.75)

    assert (drawn == 7).mean() == pytest.approx(0.75, abs=0.03)


def test_missing_ids_lie_outside_the_catalogue_and_have_the_given_number():
    drawn = ids(missing_ratio=0.3, missing_items=50)
    missing = drawn[drawn >= FIRST_MISSING_ID]

    assert missing.size / drawn.size == pytest.approx(0.3, abs=0.02)
    assert len(set(missing)) == 50
    assert missing.max() <= 2_147_483_647


def test_missing_ids_without_a_number_never_repeat():
    drawn = np.concatenate(
        [ids(missing_ratio=1.0, missing_items=0, stream=stream) for stream in (0, 1)]
    )

    assert len(set(drawn)) == drawn.size


def test_the_scenario_for_missing_ids_looks_them_up_half_of_the_time():
    drawn = ids(Scenario(missing=True))

    assert (drawn >= FIRST_MISSING_ID).mean() == pytest.approx(0.5, abs=0.02)


def test_one_hit_wonders_occur_once_and_lie_beyond_the_items():
    drawn = ids(items=100, one_hit_ratio=0.2, one_hit_items=10_000)
    wonders = drawn[drawn > 100]

    assert wonders.size / drawn.size == pytest.approx(0.2, abs=0.02)
    assert len(set(wonders)) == wonders.size


@pytest.mark.parametrize(
    "stream", [1, 2, 1_000_000], ids=["second user", "third user", "changed users"]
)
def test_one_hit_wonders_of_different_sequences_do_not_overlap(stream):
    given = {"items": 100, "one_hit_ratio": 0.2, "one_hit_items": 40_000}
    first, second = (drawn[drawn > 100] for drawn in (ids(**given), ids(stream=stream, **given)))

    assert not set(first) & set(second)


def test_the_catalogue_includes_the_one_hit_wonders():
    taken = settings(items=100, one_hit_ratio=0.2, one_hit_items=50)

    assert Scenario().popularity(taken, None).largest_id == 150


def test_the_extra_traffic_of_a_spike_goes_to_one_key():
    drawn = ids(
        shape="spike", shape_peak=4.0, shape_period_seconds=50.0, spike_seconds=10.0, hot_key=9
    )
    inside = (TIMES % 50 >= 40) & (TIMES < 100)

    assert (drawn[inside] == 9).mean() == pytest.approx(0.75, abs=0.03)
    assert (drawn[~inside] == 9).mean() < 0.1


def test_missing_ids_are_drawn_independently_of_the_hot_key():
    drawn = ids(Scenario(hot_key=True), hot_key=7, hot_traffic_ratio=0.9, missing_ratio=0.5)

    assert (drawn == 7).mean() == pytest.approx(0.45, abs=0.02)
    assert (drawn >= FIRST_MISSING_ID).mean() == pytest.approx(0.5, abs=0.02)


def test_a_spike_is_drawn_independently_of_the_hot_key():
    spike = {"shape": "spike", "shape_peak": 2.0, "shape_period_seconds": 50.0}
    times = TIMES[(TIMES % 50 >= 25) & (TIMES < 100)]

    drawn = ids(
        Scenario(hot_key=True),
        hot_key=7,
        hot_traffic_ratio=0.5,
        spike_seconds=25.0,
        times=times,
        **spike,
    )

    assert (drawn == 7).mean() == pytest.approx(0.75, abs=0.02)


def test_a_trace_is_replayed_by_any_scenario():
    trace = Trace(np.array([5, 4, 5]), None)

    popularity = Scenario(hot_key=True).popularity(settings(), trace)

    assert popularity.sampler(0).draw(TIMES[:10]).tolist() == [5, 4, 5]
    assert popularity.ordered
    assert popularity.largest_id == 5


def test_a_replay_needs_a_trace():
    with pytest.raises(FlagError, match="give --trace a path"):
        Scenario(trace_only=True).popularity(settings(), None)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"popularity": "hotset"},
        {"missing_ratio": 0.25},
        {"missing_ratio": 0.25, "missing_items": 0},
    ],
    ids=str,
)
def test_known_shares_and_drawn_shares_agree(given):
    popularity = Scenario().popularity(settings(items=50, **given), None)
    masses = popularity.masses()

    drawn = popularity.sampler(0).draw(TIMES)
    top = np.sort(np.bincount(drawn[drawn <= 50]))[::-1][0] / drawn.size

    assert top == pytest.approx(masses.probability.max(), abs=0.02)

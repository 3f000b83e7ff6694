"""The window that a trial measures, and the hit ratio predicted for it."""

import numpy as np
import pytest

from loadtests.prediction.after_cold_start import predict_trace, predict_window
from loadtests.prediction.key_rates import Reads, reads_of
from loadtests.prediction.measuring_window import Window, cold_window
from loadtests.prediction.steady_state import SEVERAL_FILL, SHORT_GRACE
from loadtests.theory import ttl
from loadtests.traffic.arrivals import ARRIVALS
from loadtests.workload.scenario import Scenario
from tests.loadtests.sent_requests import sent
from tests.loadtests.settings_for import settings

RATE = 300


@pytest.fixture
def reads():
    weights = np.arange(1, 1001, dtype=np.float64) ** -0.99
    return Reads(RATE * weights / weights.sum(), missing=0, unrepeated_rate=0.0)


def reads_under(**flags):
    given = settings(**flags)
    return reads_of(Scenario().popularity(given, None), given.rate, given.arrivals)


def predict(reads, window=None, fill=0.0, **knobs):
    knobs = {"ttl_seconds": 0.5, "protection": "single-flight"} | knobs
    span = window or cold_window(reads, RATE, knobs)
    return predict_window(reads, knobs, fill, span)


def test_window_discards_one_and_a_half_ttls_and_lasts_whole_ttls(reads):
    window = cold_window(reads, RATE, {"ttl_seconds": 30})

    assert window.opens == 45
    assert window.batches == 10
    assert window.closes == 345
    assert window.edges[:2] == [45, 75]


def test_window_of_a_short_ttl_spans_more_ttls_to_be_exact_to_one_point(reads):
    window = cold_window(reads, RATE, {"ttl_seconds": 0.5})

    lookups = RATE * 0.5 * window.batches
    kappa = ttl.sampling_variance(reads.rates, 0.5)
    assert kappa / lookups <= 0.005**2 < kappa / (lookups - 150)
    assert window.batches > 10


@pytest.mark.parametrize(
    ("knobs", "opens"),
    [
        ({"ttl_seconds": 1, "protection": "stale", "stale_seconds": 3}, 6),
        ({"ttl_seconds": 1, "protection": "stale"}, 46.5),
        ({"ttl_seconds": 1, "protection": "single-flight", "stale_seconds": 3}, 1.5),
        ({"ttl_seconds": 1, "ttl_jitter_ratio": 0.5}, 2.25),
    ],
    ids=str,
)
def test_window_opens_after_one_and_a_half_of_the_longest_life_of_an_entry(reads, knobs, opens):
    assert cold_window(reads, RATE, knobs).opens == pytest.approx(opens)


def test_window_opens_after_the_life_of_a_cached_absence_where_missing_ids_are_read():
    missing = reads_under(missing_ratio=0.2, missing_items=10, items=100, rate=RATE)

    assert cold_window(missing, RATE, {"ttl_seconds": 1, "negative_ttl_seconds": 4}).opens == 6
    assert cold_window(missing, RATE, {"ttl_seconds": 1, "negative_ttl_seconds": 0}).opens == 1.5


def test_window_under_stale_serving_counts_the_random_time_between_misses():
    uniform = Reads(np.full(200, 0.5), missing=0, unrepeated_rate=0.0)
    knobs = {"ttl_seconds": 1.0, "protection": "stale", "stale_seconds": 3.0}

    found = predict_window(uniform, knobs, 0.0, Window(1.5, 1, 12))

    assert found.hit_ratio == pytest.approx(0.8263, abs=5e-4)


def test_refreshes_that_take_longer_than_stale_entries_are_kept_are_not_predicted(reads):
    slow = predict(reads, fill=0.2, protection="stale", stale_seconds=0.1)

    assert (slow.hit_ratio, slow.offload_ratio, slow.loads_per_second) == (None, None, None)
    assert slow.method == SHORT_GRACE
    assert predict(reads, fill=0.1, protection="stale", stale_seconds=0.1).hit_ratio is not None


def test_length_of_the_window_can_be_given(reads):
    assert cold_window(reads, RATE, {"ttl_seconds": 0.5}, 12).batches == 12


def test_window_of_a_moving_popularity_is_sized_for_coin_flips():
    window = cold_window(None, RATE, {"ttl_seconds": 0.5})

    assert window.batches * 0.5 * RATE >= 10_000
    assert predict(None, window).hit_ratio is None


def test_cache_that_is_off_has_a_window_too(reads):
    window = cold_window(reads, RATE, {"ttl_seconds": 0})

    assert window.batches == 10
    assert window.batch_seconds > 0


def test_fill_time_lowers_the_predicted_hit_ratio_by_the_known_amount(reads):
    instant, filled = predict(reads), predict(reads, fill=0.01)

    assert instant.hit_ratio - filled.hit_ratio == pytest.approx(0.007, abs=0.002)
    assert filled.offload_ratio > instant.offload_ratio


@pytest.mark.parametrize("protection", ["none", "single-flight", "stale"])
def test_one_item_read_every_second_never_hits_under_a_shorter_ttl(protection):
    paced = reads_under(arrivals="paced", rate=1, items=1)
    knobs = {"protection": protection, "stale_seconds": 0.1}

    assert predict(paced, Window(1, 1, 10), 0.01, **knobs).hit_ratio == pytest.approx(0)


@pytest.mark.parametrize(("ttl_seconds", "hits"), [(1.0, 1), (2.5, 2), (9.9, 9)])
def test_paced_lookups_hit_as_often_as_they_fit_into_a_ttl(ttl_seconds, hits):
    paced = reads_under(arrivals="paced", rate=1, items=1)

    long = predict(paced, Window(10_000, 1, 10_000), ttl_seconds=ttl_seconds)

    assert long.hit_ratio == pytest.approx(hits / (hits + 1), abs=1e-3)


def test_pacing_changes_nothing_where_many_lookups_fit_into_a_ttl():
    poisson, paced = (reads_under(arrivals=arrivals, rate=RATE) for arrivals in ARRIVALS)

    ratios = [predict(reads, fill=0.01).hit_ratio for reads in (paced, poisson)]

    assert ratios[0] == pytest.approx(ratios[1], abs=2e-3)


def test_cached_absence_is_never_served_stale():
    found = reads_under(missing_ratio=1, missing_items=10, items=100, rate=RATE)
    knobs = {"ttl_seconds": 1, "negative_ttl_seconds": 1, "stale_seconds": 30}

    stale, shared = (
        predict(found, fill=0.05, protection=protection, **knobs).hit_ratio
        for protection in ("stale", "single-flight")
    )

    assert stale == pytest.approx(shared, abs=5e-3)


def test_unprotected_service_is_predicted_to_load_more(reads):
    alone = predict(reads, fill=0.05, protection="none")
    shared = predict(reads, fill=0.05)

    assert alone.offload_ratio < shared.offload_ratio
    assert alone.hit_ratio == alone.offload_ratio


def test_unprotected_loads_that_take_longer_than_a_ttl_are_not_predicted(reads):
    slow = predict(reads, fill=0.6, protection="none")

    assert (slow.hit_ratio, slow.offload_ratio, slow.loads_per_second) == (None, None, None)
    assert slow.method == SEVERAL_FILL
    assert predict(reads, fill=0.6).hit_ratio is not None


@pytest.mark.parametrize(
    ("negative_ttl_seconds", "known"), [(0.0, True), (0.5, False), (1.0, True)]
)
def test_prediction_for_unprotected_missing_ids_depends_on_the_negative_ttl(
    negative_ttl_seconds, known
):
    missing = reads_under(missing_ratio=0.2, missing_items=10, items=100, rate=RATE)
    knobs = {"ttl_seconds": 2.0, "negative_ttl_seconds": negative_ttl_seconds}

    found = predict(missing, fill=0.6, protection="none", **knobs)

    assert (found.hit_ratio is not None) == known


@pytest.mark.parametrize(("processes", "missed"), [(1, 0.2490), (2, 0.3058), (4, 0.3389)])
def test_processes_that_coalesce_by_themselves_are_predicted_to_load_as_simulated(
    processes, missed
):
    uniform = Reads(np.full(40, 5.0), missing=0, unrepeated_rate=0.0)
    span = Window(100, 0.6, 1000)

    found, leased = (
        predict_window(uniform, {"ttl_seconds": 0.5, "protection": word}, 0.1, span, processes)
        for word in ("single-flight", "lease")
    )

    assert 1 - found.offload_ratio == pytest.approx(missed, abs=3e-3)
    assert found.loads_per_second == pytest.approx(200 * missed, rel=0.01)
    assert found.hit_ratio == leased.hit_ratio
    assert leased.loads_per_second == pytest.approx(200 * 0.25, rel=0.01)


@pytest.mark.parametrize(
    ("knobs", "batch_seconds", "opens"),
    [
        ({"ttl_seconds": 1}, 1.2, 1.8),
        ({"ttl_seconds": 1, "negative_ttl_seconds": 4}, 4.2, 6.3),
        ({"ttl_seconds": 1, "protection": "stale", "stale_seconds": 3}, 1.2, 6.3),
    ],
    ids=["ttl", "negative ttl", "stale"],
)
def test_batch_is_a_whole_cycle_of_life_and_fill(knobs, batch_seconds, opens):
    missing = 0.2 if "negative_ttl_seconds" in knobs else 0.0
    found = reads_under(missing_ratio=missing, missing_items=10, items=100, rate=RATE)

    window = cold_window(found, RATE, {"negative_ttl_seconds": 0, **knobs}, 10).with_fills(0.2)

    assert (window.batches, window.batch_seconds) == (10, pytest.approx(batch_seconds))
    assert window.opens == pytest.approx(opens)


def test_serving_stale_is_predicted_to_hit_more(reads):
    window = Window(50, 0.5, 40)

    stale = predict(reads, window, 0.05, protection="stale", stale_seconds=30)

    shared = predict(reads, window, 0.05)
    assert shared.hit_ratio < stale.hit_ratio < 1
    assert shared.loads_per_second == stale.loads_per_second


@pytest.mark.parametrize(("ttl_seconds", "protection"), [(0, "none"), (5, "early")])
def test_prediction_is_unknown_where_no_formula_applies(reads, ttl_seconds, protection):
    knobs = {"ttl_seconds": ttl_seconds, "protection": protection}

    assert predict_window(reads, knobs, 0.01, Window(1, 1, 10)).hit_ratio is None


def test_nothing_is_predicted_without_a_fill_time(reads):
    knobs = {"ttl_seconds": 1, "protection": "none"}

    window = predict_window(reads, knobs, None, Window(1, 1, 10))
    trace = predict_trace(sent((0.0, 1), (0.1, 1)), knobs, None)

    assert (window.hit_ratio, window.offload_ratio, trace.hit_ratio) == (None, None, None)


def test_missing_prediction_is_explained_by_the_first_reason_that_applies(reads):
    off = {"ttl_seconds": 0, "protection": "single-flight"}

    reasons = {predict_window(reads, off, None, Window(1, 1, 10)).method}
    reasons.add(predict_trace(sent((0.0, 1)), off, None).method)

    assert reasons == {"cache off: every lookup is a bypass"}


@pytest.mark.parametrize(
    "knobs", [{"ttl_jitter_ratio": 0.1}, {"protection": "early"}, {"protection": "stale"}], ids=str
)
def test_trace_is_replayed_where_there_is_no_formula(knobs):
    found = predict_trace(sent((0.0, 1), (0.1, 1)), {"ttl_seconds": 1, **knobs}, 0)

    assert found.hit_ratio == pytest.approx(0.5)


def test_ids_that_are_read_once_always_miss(reads):
    half = Reads(reads.rates / 2, missing=0, unrepeated_rate=RATE / 2)
    window = Window(1, 1, 10)

    alone = predict(Reads(reads.rates / 2, 0, 0.0), window)

    assert predict(half, window).hit_ratio == pytest.approx(alone.hit_ratio / 2)


def test_missing_ids_expire_by_the_negative_ttl():
    found = reads_under(missing_ratio=0.2, missing_items=10, items=100, rate=RATE)
    window = Window(1, 1, 10)

    cached = predict(found, window, negative_ttl_seconds=5)
    never = predict(found, window, negative_ttl_seconds=0)

    assert found.missing == 10
    assert np.sum(found.rates) == pytest.approx(RATE)
    assert np.sum(found.rates[-10:]) == pytest.approx(0.2 * RATE)
    assert never.loads_per_second > cached.loads_per_second + 0.19 * RATE
    assert cached.hit_ratio - never.hit_ratio == pytest.approx(0.2, abs=0.01)


def test_missing_ids_without_traffic_do_not_count():
    found = reads_under(one_hit_ratio=0.2, rate=RATE)
    window = Window(1, 1, 10)

    assert found.missing == 0
    assert predict(found, window, negative_ttl_seconds=0) == predict(
        found, window, negative_ttl_seconds=5
    )


def test_missing_ids_that_never_repeat_count_as_unrepeated():
    found = reads_under(missing_ratio=0.2, missing_items=0, rate=RATE)

    assert found.missing == 0
    assert found.unrepeated_rate == pytest.approx(0.2 * RATE)
    assert found.repeated_share == pytest.approx(0.8)
    assert found.sampling_variance(1) > 0.8 * ttl.sampling_variance(found.rates, 1)


def test_hot_set_has_two_rates():
    found = reads_under(popularity="hotset", items=100, rate=RATE)

    assert len(found.rates) == 100
    assert len(set(found.rates.tolist())) == 2


@pytest.mark.parametrize("popularity", ["sliding", "scan", "latest"])
def test_moving_popularity_has_no_fixed_rates(popularity):
    assert reads_under(popularity=popularity) is None


def test_trace_is_predicted_by_its_exact_replay():
    sequence = sent((0.0, 1), (0.005, 1), (0.5, 1), (0.6, 2), (2.0, 1))

    shared = predict_trace(sequence, {"ttl_seconds": 1.0}, 0.01)
    alone = predict_trace(sequence, {"ttl_seconds": 1.0, "protection": "none"}, 0.01)

    assert (shared.hit_ratio, shared.offload_ratio) == pytest.approx((0.2, 0.4))
    assert (alone.hit_ratio, alone.offload_ratio) == pytest.approx((0.2, 0.2))
    assert shared.loads_per_second == pytest.approx(3 / 2)

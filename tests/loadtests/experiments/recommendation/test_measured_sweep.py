"""What a sweep's records recommend: measured TTLs, those between them, and the p99 of a mixture."""

import dataclasses

import numpy as np
import pytest

from loadtests.experiments.figures.results import RunResults, load_results
from loadtests.experiments.plan.fields import Given
from loadtests.experiments.plan.plan import make_plan
from loadtests.experiments.recommendation.entry import Entry, knobs_in_force
from loadtests.experiments.recommendation.measured_sweep import MeasuredSweep
from loadtests.experiments.recommendation.measured_times import (
    MeasuredTimes,
    pooled_times,
    times_by_ttl,
)
from loadtests.sender.samples import RESULT_INDEX, SAMPLE_DTYPE


@pytest.fixture
def planned(folder):
    """Return the sweep by hand, whose plan is one of this version: one item, ten lookups a second.

    Its trials hit 0.9 of the lookups where 0.9 was predicted; theory says T / (T + 0.1).
    """
    results = load_results(folder)
    values = {"items": Given(1, ""), "rate": Given(10, ""), "skew": Given(0, "")}
    plan = dataclasses.asdict(make_plan(values, {}))
    return dataclasses.replace(results, run=dataclasses.replace(results.run, plan=plan))


def candidates_of(folder, results, entry=None):
    return MeasuredSweep(results, times_by_ttl(folder, results), entry or Entry()).candidates()


def with_predictions(results: RunResults, ratio: float) -> RunResults:
    trials = [
        dataclasses.replace(
            trial, predicted_hit_ratio=ratio, predicted_store_queries_per_second=8.0
        )
        for trial in results.trials
    ]
    return dataclasses.replace(results, trials=trials)


def test_between_measured_ttls_theory_stands_less_the_largest_residual(folder, planned):
    found = candidates_of(folder, with_predictions(planned, 0.87))

    measured = [each for each in found.ttls if each.known_by == "measured"]
    between = [each for each in found.ttls if each.known_by == "theory"]
    assert [each.ttl_seconds for each in measured] == [1.0, 5.0]
    assert len(between) >= 10
    assert [each.ttl_seconds for each in found.ttls] == sorted(
        each.ttl_seconds for each in found.ttls
    )
    residual = max(abs(each.hit_ratio - 0.87) for each in measured)
    extra = max(abs(each.store_reads_per_second - 8.0) for each in measured)
    assert residual > 0.02
    for each in measured:
        ratio, low = each.hit_ratio, each.hit_ratio_low
        most = each.store_reads_per_second * (1 - low) / (1 - ratio)
        assert each.store_reads_high >= most
    for each in between:
        ttl = each.ttl_seconds
        # Fills of 10 ms: a cycle is the TTL, the fill, and the wait for the next lookup.
        assert each.hit_ratio == pytest.approx(ttl / (ttl + 0.11), abs=0.01)
        assert each.hit_ratio_low == pytest.approx(each.hit_ratio - residual)
        assert each.store_reads_high == pytest.approx(each.store_reads_per_second + extra)
    assert f"largest residual of these trials, {residual * 100:.1f} points" in found.source


def test_nothing_is_said_between_ttls_without_a_trusted_prediction(folder, planned):
    found = candidates_of(folder, with_predictions(planned, None))

    assert [each.ttl_seconds for each in found.ttls] == [1.0, 5.0]


def test_between_the_ttls_of_a_trace_stands_its_replay(folder, planned, tmp_path):
    trace = tmp_path / "trace.txt"
    # Three ids in turn, one a second: each comes again after 3 s.
    trace.write_text("1\n2\n3\n" * 100)
    given = {"trace": str(trace), "rate": 1, "arrivals": "paced"}
    plan = dataclasses.asdict(make_plan({k: Given(v, k) for k, v in given.items()}, {}))
    trials = [dataclasses.replace(trial, of_trace=True) for trial in planned.trials]
    results = dataclasses.replace(
        planned, run=dataclasses.replace(planned.run, plan=plan), trials=trials
    )

    found = {each.ttl_seconds: each for each in candidates_of(folder, results).ttls}

    replayed = {ttl: each.hit_ratio for ttl, each in found.items() if each.known_by == "replay"}
    below = [ratio for ttl, ratio in replayed.items() if ttl < 3.0]
    above = [ratio for ttl, ratio in replayed.items() if ttl > 3.0]
    assert below == [0.0] * 10
    # Every second lookup of an id finds the entry of the one before.
    assert above == pytest.approx([0.5] * 4, abs=0.01)
    trace.unlink()
    assert len(candidates_of(folder, results).ttls) == 2


def test_p99_mixes_measured_hits_and_misses_at_the_hit_ratio():
    times = MeasuredTimes(np.linspace(0.001, 0.002, 2000), np.linspace(0.010, 0.020, 1000))

    # With 5 % of misses, the slowest hundredth of all are the slowest fifth of the misses.
    assert times.p99(0.95) == pytest.approx(0.018, abs=2e-5)
    # With 0.5 % of them, it is the hit that 0.99 / 0.995 of the hits are not slower than.
    assert times.p99(0.995) == pytest.approx(0.001 + 0.001 * 0.99 / 0.995, abs=2e-6)
    assert times.p99(None) is None


def test_p99_of_few_samples_is_unknown():
    times = MeasuredTimes(np.linspace(0.001, 0.002, 90), np.linspace(0.010, 0.020, 10))

    assert times.p99(0.9) is None
    assert MeasuredTimes(np.full(2000, 0.001), np.array([])).p99(0.9) is None


def test_waiting_for_anothers_load_takes_the_time_of_a_miss():
    samples = np.zeros(4, dtype=SAMPLE_DTYPE)
    words = ["hit", "coalesced", "miss", "bypass"]
    samples["result"] = [RESULT_INDEX[word] for word in words]
    samples["response"] = [0.001, 0.002, 0.003, 0.004]

    times = MeasuredTimes.of(samples)

    assert times.hits == pytest.approx([0.001])
    assert times.misses == pytest.approx([0.002, 0.003])


def test_p99_between_ttls_is_the_worse_of_both_neighbours(planned):
    results = with_predictions(planned, 0.9)
    times = {
        1.0: MeasuredTimes(np.full(9000, 0.001), np.linspace(0.010, 0.020, 1000)),
        5.0: MeasuredTimes(np.full(9000, 0.001), np.linspace(0.005, 0.010, 1000)),
    }

    found = MeasuredSweep(results, times, Entry()).candidates().ttls

    between = [each for each in found if each.known_by == "theory"]
    assert [each.p99_seconds for each in between] == pytest.approx(
        [times[1.0].p99(each.hit_ratio_low) for each in between]
    )


def test_latencies_of_doubted_trials_are_not_mixed(folder, results):
    assert sorted(times_by_ttl(folder, results)) == [1.0, 5.0]
    assert pooled_times(folder, results).misses.size > 100
    assert pooled_times(folder, dataclasses.replace(results, trials=[])) is None


def test_entries_get_as_old_as_the_knobs_that_were_in_force_let_them(results):
    knobs = {"ttl_seconds": 1.0, "protection": "stale", "stale_seconds": 30.0}
    records = {
        number: dataclasses.replace(record, knobs=knobs)
        for number, record in results.records.items()
    }

    assert knobs_in_force(dataclasses.replace(results, records=records)) == knobs

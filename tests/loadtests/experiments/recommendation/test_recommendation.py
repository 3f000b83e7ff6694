"""Which TTL is recommended, what binds, what stands in the way, and what it costs."""

import itertools
import math

import numpy as np
import pytest

from loadtests.experiments.plan.fields import KNOBS, Given
from loadtests.experiments.plan.plan import make_plan
from loadtests.experiments.recommendation.bounds import Wanted
from loadtests.experiments.recommendation.candidate import Candidate, Candidates, most_reads
from loadtests.experiments.recommendation.classes import most_hits, ttls_by_class
from loadtests.experiments.recommendation.cost import Prices
from loadtests.experiments.recommendation.entry import Entry
from loadtests.experiments.recommendation.recommendation import recommend
from loadtests.experiments.recommendation.sources import from_profile, from_workload


def _candidate(ttl, ratio, **values):
    known = {
        "hit_ratio": ratio,
        "hit_ratio_low": ratio,
        "store_reads_per_second": None if ratio is None else 100 * (1 - ratio),
        "store_reads_high": None if ratio is None else 100 * (1 - ratio),
        "p99_seconds": None,
        "worst_stale_seconds": ttl,
        "entries": None,
        "memory_bytes": None,
        "known_by": "measured",
    }
    return Candidate(ttl, **{**known, **values})


CANDIDATES = Candidates(
    [_candidate(1.0, 0.5), _candidate(5.0, 0.7), _candidate(30.0, 0.9), _candidate(60.0, 0.95)],
    "",
    [],
)


def test_smallest_and_largest_ttl_that_keep_every_bound_are_named_with_what_binds():
    bounds = Wanted(min_hit_ratio=0.6, max_stale_seconds=30.0).bounds()

    answer = recommend(CANDIDATES, bounds)

    assert answer.smallest.ttl_seconds == 5.0
    assert answer.largest.ttl_seconds == 30.0
    assert answer.sentences == [
        "Every bound is met from TTL 5 s to TTL 30 s, of those looked at.",
        "A shorter one, TTL 1 s, misses a hit ratio of at least 0.6.",
        "A longer one, TTL 60 s, misses an answer at most 30 s old.",
    ]


def test_bounds_that_exclude_each_other_are_told_with_what_each_would_need():
    bounds = Wanted(min_hit_ratio=0.9, max_stale_seconds=5.0).bounds()

    answer = recommend(CANDIDATES, bounds)

    assert answer.smallest is None
    assert answer.sentences == [
        "No TTL that was looked at is known to meet every bound:",
        "an answer at most 5 s old: kept from TTL 1 s to 5 s.",
        "a hit ratio of at least 0.9: kept from TTL 30 s to 60 s.",
    ]


def test_bound_that_no_ttl_keeps_is_told_with_the_best():
    answer = recommend(CANDIDATES, Wanted(max_store_rate=1.0).bounds())

    assert answer.sentences[1] == (
        "at most 1 store reads per second: no TTL keeps it; the best is 5."
    )


def test_best_value_is_told_in_the_unit_of_its_bound():
    slow = Candidates([_candidate(5.0, 0.9, p99_seconds=0.1535, memory_bytes=2e6)], "", [])

    answer = recommend(slow, Wanted(max_p99_ms=60.0, max_memory_bytes=1e6).bounds())

    assert answer.sentences[1:] == [
        "a p99 of at most 60 ms: no TTL keeps it; the best is 153.5 ms.",
        "at most 1 MB of entries: no TTL keeps it; the best is 2 MB.",
    ]


def test_where_no_bound_binds_that_is_said():
    answer = recommend(CANDIDATES, Wanted(min_hit_ratio=0.5, max_stale_seconds=60.0).bounds())

    assert answer.sentences[1:] == [
        "No shorter TTL was looked at: no bound binds there.",
        "No longer TTL was looked at: no bound binds there.",
    ]


def test_ttl_between_the_smallest_and_the_largest_that_misses_a_bound_is_named():
    uneven = Candidates(
        [_candidate(1.0, 0.7), _candidate(5.0, 0.69), _candidate(30.0, 0.9)], "", []
    )

    answer = recommend(uneven, Wanted(min_hit_ratio=0.7).bounds())

    assert (answer.smallest.ttl_seconds, answer.largest.ttl_seconds) == (1.0, 30.0)
    assert answer.sentences[-1] == "Between them it is not known to hold at TTL 5 s."


def test_prices_alone_name_the_cheapest_ttl():
    priced = Candidates(
        [_candidate(1.0, 0.5, memory_bytes=1e9), _candidate(5.0, 0.7, memory_bytes=2e9)], "", []
    )

    answer = recommend(priced, [], Prices(0.01, 1.0))

    assert answer.sentences == ["Of these, TTL 5 s costs least: 0.128 an hour."]


def test_cost_without_a_size_of_entries_is_unknown_with_the_way_out():
    answer = recommend(CANDIDATES, [], Prices(0.01, 1.0))

    assert answer.cheapest is None
    assert answer.sentences == [
        "What they cost is unknown, because the memory of entries is: give --entry-bytes."
    ]


def test_hit_ratio_is_judged_on_the_low_end():
    unsure = Candidates([_candidate(5.0, 0.91, hit_ratio_low=0.88)], "", [])

    assert recommend(unsure, Wanted(min_hit_ratio=0.9).bounds()).smallest is None


def test_ttl_of_which_something_is_unknown_is_not_recommended():
    bounds = Wanted(max_p99_ms=20.0).bounds()
    half_known = Candidates([_candidate(1.0, 0.5), _candidate(5.0, 0.7, p99_seconds=0.012)], "", [])

    answer = recommend(half_known, bounds)

    assert answer.smallest.ttl_seconds == 5.0
    assert answer.sentences[1] == (
        "Of a shorter one, TTL 1 s, it is unknown whether it keeps a p99 of at most 20 ms."
    )
    assert recommend(CANDIDATES, bounds).sentences[1] == (
        "a p99 of at most 20 ms: unknown at every TTL."
    )


def test_worst_staleness_is_the_lengthened_ttl_and_the_time_stale_entries_are_kept():
    assert Entry(jitter_ratio=0.1, stale_seconds=30.0).worst_stale(60.0) == pytest.approx(96.0)


def test_cheapest_ttl_weighs_memory_against_reads_of_the_store():
    candidates = Candidates(
        [
            _candidate(1.0, 0.5, memory_bytes=1e9),
            _candidate(5.0, 0.7, memory_bytes=2e9),
            _candidate(30.0, 0.75, memory_bytes=9e9),
        ],
        "",
        [],
    )

    answer = recommend(candidates, Wanted(min_hit_ratio=0.0).bounds(), Prices(0.01, 1.0))

    # 50, 30 and 25 reads a second are 0.18, 0.108 and 0.09 an hour; the memory 0.01, 0.02, 0.09.
    assert answer.cheapest.ttl_seconds == 5.0
    assert [each.cost_per_hour for each in answer.judged] == pytest.approx([0.19, 0.128, 0.18])


def test_break_even_interval_is_that_of_the_five_minute_rule():
    # 10^-6 for a read; 1 kB costs 3.6e-3 · 10^-6 / 3600 = 10^-12 a second.
    assert Prices(memory=3.6e-3, store_reads=1.0).break_even_seconds(1000) == pytest.approx(1e6)
    assert Prices(memory=0.0, store_reads=1.0).break_even_seconds(1000) is None


def test_classes_reach_the_hit_ratio_together_with_the_steps_that_gain_most():
    def part(name, reads, *ratios):
        curve = [
            {"ttl_seconds": ttl, "hit_ratio": ratio}
            for ttl, ratio in zip((1.0, 2.0, 4.0), ratios, strict=True)
        ]
        return {"name": name, "reads": reads, "curve": curve}

    classes = [part("user", 100, 0.1, 0.5, 0.9), part("page", 100, 0.4, 0.5, 0.55)]

    found = ttls_by_class(classes, 0.6)

    assert [(each.name, each.ttl_seconds) for each in found] == [("user", 4.0), ("page", 1.0)]
    assert ttls_by_class(classes, 0.8) is None


def test_profile_is_a_source_with_entries_of_a_given_size():
    point = {
        "ttl_seconds": 5.0,
        "hit_ratio": 0.5,
        "store_reads_per_second": 10.0,
        "live_entries_peak": 300,
        "live_bytes_peak": 7_000,
    }
    profile = {"curve": [point], "requests": 1000}

    sized, logged = (
        from_profile(profile, entry).ttls[0] for entry in (Entry(size_bytes=100.0), Entry())
    )

    assert (sized.memory_bytes, logged.memory_bytes) == (30_000.0, 7_000)
    assert from_profile(profile, Entry()).entry_bytes == pytest.approx(7_000 / 300)
    assert (sized.hit_ratio_low, sized.p99_seconds) == (0.5, None)


def test_reads_of_the_store_are_judged_at_the_low_end_of_the_hit_ratio():
    point = {
        "ttl_seconds": 5.0,
        "hit_ratio": 0.8,
        "hit_ratio_error": 0.04 / 1.96,
        "store_reads_per_second": 20.0,
        "live_entries_peak": 300,
        "live_bytes_peak": None,
    }

    (found,) = from_profile({"curve": [point], "requests": 1000}, Entry()).ttls

    # 20 % of misses are 20 reads a second; 24 % are 24.
    assert found.hit_ratio_low == pytest.approx(0.76)
    assert found.store_reads_high == pytest.approx(24.0)
    assert most_reads(5.0, 1.0, 1.0) == 5.0
    assert most_reads(None, 0.5, 0.4) is None


def test_stale_entries_are_read_from_the_store_as_often_as_missing_ones():
    load = {"items": Given(1, ""), "rate": Given(10, ""), "skew": Given(0, "")}
    knobs = {"protection": Given("stale", ""), "stale_seconds": Given(5, "")}

    (found,) = from_workload(make_plan(load, knobs), [1.0], 0.0, Entry()).ttls

    # One load each time that 1 s and the mean wait for the next of 10 lookups a second have passed.
    assert found.store_reads_per_second == pytest.approx(1 / (1 + 0.1))
    assert found.hit_ratio > 0.99


def test_class_whose_hits_dip_at_a_longer_ttl_takes_one_that_is_longer_still():
    def part(*ratios):
        curve = [
            {"ttl_seconds": ttl, "hit_ratio": ratio}
            for ttl, ratio in zip((1.0, 2.0, 4.0), ratios, strict=True)
        ]
        return {"name": "user", "reads": 100, "curve": curve}

    (found,) = ttls_by_class([part(0.5, 0.4, 0.8)], 0.8)

    assert found.ttl_seconds == 4.0
    assert ttls_by_class([part(0.5, 0.4, 0.8)], 0.8, longest_ttl=2.0) is None


def test_choice_of_classes_reaches_every_sum_that_some_choice_reaches():
    rng = np.random.default_rng(5)
    for _ in range(30):
        classes = [
            {
                "name": str(number),
                "reads": int(rng.integers(1, 1000)),
                "curve": [
                    {"ttl_seconds": ttl, "hit_ratio": round(float(rng.random()), 3)}
                    for ttl in (1.0, 3.0, 9.0)
                ],
            }
            for number in range(3)
        ]
        total = sum(part["reads"] for part in classes)
        sums = [
            sum(
                part["reads"] * point["hit_ratio"]
                for part, point in zip(classes, each, strict=True)
            )
            for each in itertools.product(*(part["curve"] for part in classes))
        ]

        found = ttls_by_class(classes, max(sums) / total)

        assert sum(each.hit_ratio * each.reads for each in found) == pytest.approx(max(sums))
        assert ttls_by_class(classes, max(sums) / total + 0.001) is None
        assert most_hits(classes) == pytest.approx(max(sums) / total)


def _described(**values):
    given = {name: Given(value, name) for name, value in values.items() if name not in KNOBS}
    knobs = {name: Given(value, name) for name, value in values.items() if name in KNOBS}
    return make_plan(given, knobs)


def test_described_workload_has_as_many_entries_as_are_alive_by_littles_law():
    (found,) = from_workload(_described(items=100, rate=100, skew=0), [9.0], 0.0, Entry(50.0)).ttls

    # Each item is asked for once a second, so that it is alive 9 seconds of 10: 90, deviation 3.
    assert found.entries == pytest.approx(90 + 3 * 3)
    assert found.memory_bytes == pytest.approx(50 * 99)


def test_writes_of_a_described_workload_end_entries():
    (found,) = from_workload(
        _described(items=1, rate=10, write_ratio=0.5, skew=0), [1.0], 0.0, Entry()
    ).ttls

    # 5 reads and 5 writes a second; an entry lives (1 - e^-5) / 5 s.
    life = (1 - math.exp(-5)) / 5
    assert found.hit_ratio == pytest.approx(5 * life / (1 + 5 * life))
    assert found.store_reads_per_second == pytest.approx(5 * (1 - found.hit_ratio))

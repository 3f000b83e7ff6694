"""Comparisons of runs that differ by a known amount, or not at all."""

from types import SimpleNamespace

import numpy as np
import pytest

from loadtests.experiments.comparison.comparison import compare
from loadtests.experiments.comparison.comparison_text import (
    bencher,
    comparison_markdown,
    github_action_benchmark,
    summary,
)
from loadtests.experiments.comparison.difference import Metric, difference
from loadtests.experiments.comparison.pairing import Pair, Side
from loadtests.sender.samples import RESULT_INDEX, SAMPLE_DTYPE

HIT_RATIO = Metric("hit ratio", "", lower_is_better=False, relevant=0.005, relative=False)
P95 = Metric("p95", "ms", lower_is_better=True, relevant=0.05, relative=True)


def _samples(seed, *, hit_ratio=0.8, slowdown=1.0, count=30_000, rate=500):
    """A minute of lookups whose speed also drifts by itself, for seconds at a time."""
    rng = np.random.default_rng(seed)
    samples = np.zeros(count, dtype=SAMPLE_DTYPE)
    samples["intended"] = np.arange(count) / rate
    hits = rng.random(count) < hit_ratio
    samples["result"] = np.where(hits, RESULT_INDEX["hit"], RESULT_INDEX["miss"])
    drift = np.repeat(rng.normal(1.0, 0.02, count // rate), rate)
    times = np.where(hits, rng.gamma(8, 0.0002, count), rng.gamma(8, 0.001, count))
    samples["response"] = times * drift * slowdown
    return samples


def _pairs(number, **second):
    return [
        Pair(
            5.0,
            Side(SimpleNamespace(), _samples(seed)),
            Side(SimpleNamespace(), _samples(seed + 1000, **second)),
        )
        for seed in range(10 * number, 10 * number + 3)
    ]


def _verdicts(pairs):
    return {each.metric.name: each.verdict for each in compare(pairs).differences}


def test_run_beside_itself_has_not_changed():
    side = Side(SimpleNamespace(), _samples(1))

    verdicts = _verdicts([Pair(5.0, side, side)])

    assert verdicts == dict.fromkeys(["hit ratio", "store reads", "p50", "p95", "p99"], "no change")


def test_slowdown_of_10_percent_is_found_in_at_least_18_of_20():
    found = [_verdicts(_pairs(number, slowdown=1.1))["p50"] for number in range(20)]

    assert found.count("worse") >= 18


def test_2_points_of_hit_ratio_are_found_in_at_least_18_of_20():
    found = [_verdicts(_pairs(number, hit_ratio=0.78))["hit ratio"] for number in range(20)]

    assert found.count("worse") >= 18


def test_equal_runs_are_called_worse_or_better_in_at_most_2_of_20():
    wrong = [set(_verdicts(_pairs(number)).values()) & {"worse", "better"} for number in range(20)]

    assert sum(map(bool, wrong)) <= 2


def test_better_is_the_other_direction():
    assert _verdicts(_pairs(1, slowdown=0.8))["p95"] == "better"
    assert _verdicts(_pairs(1, hit_ratio=0.85))["hit ratio"] == "better"


def test_too_little_data_gives_no_verdict_but_the_time_that_would():
    short = [
        Pair(
            5.0,
            Side(SimpleNamespace(), _samples(1, count=1000)),
            Side(SimpleNamespace(), _samples(2, count=1000)),
        )
    ]

    comparison = compare(short)

    hit_ratio = comparison.differences[0]
    assert hit_ratio.verdict == "cannot tell"
    assert hit_ratio.minutes_needed > 1
    assert "more minutes of measuring would tell" in "\n".join(summary(comparison))


def test_interval_is_students_over_the_batches_of_a_pair():
    found = difference(HIT_RATIO, 5.0, [[(0.5, 0.52), (0.5, 0.54)]], (0.5, 0.53), 60.0)

    # Differences .02 and .04: mean .03, standard error .01, t(1) at 97.5 % = 12.706.
    assert found.change == pytest.approx(0.03)
    assert (found.low, found.high) == pytest.approx((0.03 - 0.12706, 0.03 + 0.12706), abs=1e-4)


def test_interval_covers_what_differs_between_the_pairs():
    batches = [[(0.5, 0.5 + shift)] * 20 for shift in (0.0, 0.1)]

    found = difference(HIT_RATIO, 5.0, batches, (0.5, 0.55), 60.0)

    # Means 0 and .1: standard error .05, t(1) = 12.706.
    assert found.high - found.change == pytest.approx(0.05 * 12.706, rel=1e-3)


@pytest.mark.parametrize(
    ("shifts", "verdict"),
    [
        ([2.0, 2.1], "worse"),
        ([-2.0, -2.1], "better"),
        ([0.0, 0.01], "no change"),
        ([-3.0, 3.0], "cannot tell"),
        ([0.2, 0.2], "no change"),  # A change for sure, and one that does not matter.
    ],
)
def test_verdict_asks_for_a_change_that_is_sure_and_matters(shifts, verdict):
    batches = [[(10.0, 10.0 + shift) for shift in shifts]]

    assert difference(P95, 5.0, batches, (10.0, 10.0), 60.0).verdict == verdict


def test_shape_is_said_to_have_changed_where_the_median_has_not():
    first, second = _samples(1), _samples(1)
    second["response"] = np.where(
        np.arange(second.size) % 2, second["response"] * 1.6, second["response"] / 1.6
    )

    comparison = compare([Pair(5.0, Side(None, first), Side(None, second))])

    assert comparison.shapes[0].changed
    assert "Response times are distributed otherwise at TTL 5 s." in summary(comparison)


def test_page_and_tools_get_the_same_figures():
    comparison = compare(_pairs(1, hit_ratio=0.78))

    page = comparison_markdown(comparison, ["TTL 9 s, repetition 1 is in one run only"])
    entries = github_action_benchmark(comparison)

    assert "| 5 | hit ratio |" in page
    assert "- Left out: TTL 9 s, repetition 1 is in one run only." in page
    assert entries[0]["name"] == "miss ratio at TTL 5 s"
    assert entries[0]["value"] == pytest.approx(0.22, abs=0.005)
    assert bencher(comparison)["TTL 5 s"]["hit-ratio"]["value"] == pytest.approx(0.78, abs=0.005)

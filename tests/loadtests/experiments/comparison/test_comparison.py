"""Comparisons of runs that differ by a known amount, or not at all."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
from jsonschema import Draft202012Validator

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
    drift = np.repeat(rng.normal(1.0, 0.02, math.ceil(count / rate)), rate)[:count]
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

    pair = Pair(5.0, side, side)

    verdicts = _verdicts([pair])

    assert verdicts == dict.fromkeys(["hit ratio", "store reads", "p50", "p95", "p99"], "no change")
    texts = {each.metric.name: each.verdict_text for each in compare([pair]).differences}
    assert texts["hit ratio"] == "no change beyond 0.5 points"
    assert {texts[name] for name in ("store reads", "p50", "p95", "p99")} == {
        "no change beyond 5 %"
    }


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
    needed = math.ceil(hit_ratio.minutes_needed)
    assert hit_ratio.verdict_text == f"cannot tell (needs {needed} min)"
    assert "more minutes of measuring would tell" in "\n".join(summary(comparison))


def test_a_hundred_hits_in_both_runs_do_not_tell_that_nothing_changed():
    side = Side(SimpleNamespace(), _samples(1, count=100, hit_ratio=1.0))

    hit_ratio, reads, *_ = compare([Pair(5.0, side, side)]).differences

    # None of 100 lookups missed, nor need 3 of the next 100: the rule of three.
    assert (hit_ratio.verdict, reads.verdict) == ("cannot tell", "cannot tell")
    assert (hit_ratio.low, hit_ratio.high) == pytest.approx((-0.03, 0.03))


def _silent(seed, *, said=0, **others):
    """Samples of answers of which all but the first *said* do not say where they came from."""
    samples = _samples(seed, **others)
    samples["result"][said:] = RESULT_INDEX["unknown"]
    return samples


def _silent_pairs(ratios, **said):
    return [
        Pair(
            5.0,
            Side(SimpleNamespace(hit_ratio=before), _silent(number, **said)),
            Side(SimpleNamespace(hit_ratio=after), _silent(number, **said)),
        )
        for number, (before, after) in enumerate(ratios)
    ]


@pytest.mark.parametrize("said", [0, 3000])
def test_of_answers_that_do_not_say_where_they_came_from_times_alone_are_compared(said):
    comparison = compare(_silent_pairs([(None, None)], said=said))

    assert [each.metric.name for each in comparison.differences] == ["p50", "p95", "p99"]


def test_hit_ratios_that_redis_tells_are_compared_by_trials():
    told = [(0.80, 0.70), (0.81, 0.72), (0.79, 0.70)]

    hit_ratio, *times = compare(_silent_pairs(told)).differences

    # Differences -.10, -.09, -.09: mean -.0933, standard error .00333, t(2) at 97.5 % = 4.303.
    assert (hit_ratio.metric, hit_ratio.verdict) == (HIT_RATIO, "worse")
    assert (hit_ratio.first, hit_ratio.second) == pytest.approx((0.8, 0.7067), abs=1e-4)
    assert (hit_ratio.low, hit_ratio.high) == pytest.approx((-0.1077, -0.0790), abs=1e-4)
    assert [each.metric.name for each in times] == ["p50", "p95", "p99"]
    assert compare(_silent_pairs(told[:1])).differences[0].verdict == "cannot tell"


def test_quantile_by_ranks_covers_what_differs_between_the_pairs():
    # 600 lookups leave too few beyond p99 for batches; the second pair was on a slow machine.
    pairs = [
        Pair(
            5.0,
            Side(SimpleNamespace(), _samples(seed, count=600)),
            Side(SimpleNamespace(), _samples(seed + 100, count=600, slowdown=slowdown)),
        )
        for seed, slowdown in ((1, 1.0), (2, 3.0))
    ]

    p99 = next(each for each in compare(pairs).differences if each.metric.name == "p99")

    assert p99.verdict == "cannot tell"
    assert p99.low < 0 < p99.high


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


ITEM = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "unit": {"type": "string", "minLength": 1},
        "value": {"type": "number"},
        "range": {"type": "string"},
        "extra": {"type": "string"},
    },
    "required": ["name", "unit", "value"],
    "additionalProperties": False,
}
METRIC = {
    "type": "object",
    "properties": {key: {"type": "number"} for key in ("value", "lower_value", "upper_value")},
    "required": ["value"],
    "additionalProperties": False,
}
MEASURES = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"pattern": "^[a-z0-9-]+$"},
    "additionalProperties": METRIC,
}


@pytest.mark.parametrize("count", [40, 600, 30_000])
def test_tools_get_json_in_their_own_format(count):
    side = Side(SimpleNamespace(), _samples(1, count=count))
    comparison = compare([Pair(5.0, side, side)])

    # As github-action-benchmark and Bencher describe what they read; neither takes NaN or infinity.
    for found, schema in (
        (github_action_benchmark(comparison), {"type": "array", "items": ITEM, "minItems": 5}),
        (bencher(comparison), {"type": "object", "additionalProperties": MEASURES}),
    ):
        content = json.loads(json.dumps(found, allow_nan=False))
        assert list(Draft202012Validator(schema).iter_errors(content)) == []

"""The verdict on a step: the bound, its interval, and whose limit was met."""

import numpy as np
import pytest

from loadtests.experiments.capacity.step_judgement import judge
from loadtests.sender.samples import RESULT_INDEX, SAMPLE_DTYPE

BOUND = 0.050
QUIET = {"cpu_ratio": 0.4, "queued": 0, "arrivals": 6000}


@pytest.fixture
def drawn():
    """Return a function that draws 5,000 lookups of 10 s; a share of them takes 0.2 s."""

    def make(slow_share, seed=1, sent_late=0.0):
        random = np.random.default_rng(seed)
        found = np.zeros(5000, dtype=SAMPLE_DTYPE)
        found["intended"] = np.sort(random.uniform(0, 10, len(found)))
        slow = random.uniform(size=len(found)) < slow_share
        found["response"] = np.where(slow, 0.2, 0.004)
        found["service"] = found["response"] - np.where(slow, sent_late, 0.0)
        found["result"] = RESULT_INDEX["hit"]
        return found

    return make


def verdict(samples, load=QUIET):
    return judge(samples, 10.0, BOUND, load).verdict


def test_bound_holds_where_the_whole_interval_of_the_slow_share_is_below_one_percent(drawn):
    found = judge(drawn(0.003), 10.0, BOUND, QUIET)

    assert found.verdict == "holds"
    assert 0 <= found.low < 0.003 < found.high < 0.01


def test_bound_breaks_where_the_whole_interval_is_above_one_percent(drawn):
    found = judge(drawn(0.03), 10.0, BOUND, QUIET)

    assert found.verdict == "breaks"
    assert found.low > 0.01
    assert not found.tried(400).far


def test_share_near_one_percent_is_unsure(drawn):
    assert verdict(drawn(0.01)) == "unsure"


def test_right_share_is_seldom_taken_for_a_break_and_seldom_for_a_hold(drawn):
    verdicts = [verdict(drawn(0.01, seed)) for seed in range(100)]

    assert verdicts.count("holds") <= 8  # 2.5 % are expected.
    assert verdicts.count("breaks") <= 8


def test_pause_in_one_stretch_makes_the_interval_wide_and_not_the_verdict_sure(drawn):
    samples = drawn(0.0)
    samples["response"][:100] = 0.3  # 2 %, all within the first of ten stretches.

    found = judge(samples, 10.0, BOUND, QUIET)

    assert found.beyond == pytest.approx(0.02)
    assert found.verdict == "unsure"


def test_lookups_without_a_value_are_slower_than_any_bound(drawn):
    for word in ("error", "failed", "dropped"):
        samples = drawn(0.0)
        samples["result"][::20] = RESULT_INDEX[word]

        assert verdict(samples) == "breaks"


def test_step_far_beyond_the_bound_needs_no_second_try(drawn):
    assert judge(drawn(0.6), 10.0, BOUND, QUIET).tried(400).far


def test_too_few_lookups_never_hold(drawn):
    assert verdict(drawn(0.0)[:900]) == "breaks"


def test_step_without_a_summary_never_holds(drawn):
    assert verdict(drawn(0.0), None) == "breaks"


def test_slowness_of_the_service_is_not_blamed_on_the_generator(drawn):
    assert judge(drawn(0.05), 10.0, BOUND, QUIET).generator is None


def test_busy_generator_is_named(drawn):
    found = judge(drawn(0.05), 10.0, BOUND, QUIET | {"cpu_ratio": 0.97})

    assert found.generator == "it used 97.0 % of a core"


def test_lookups_that_were_only_sent_late_are_the_generators_limit(drawn):
    found = judge(drawn(0.05, sent_late=0.19), 10.0, BOUND, QUIET)

    assert found.verdict == "breaks"
    assert found.generator == "1 % of the lookups were sent at least 190 ms late"


def test_lookups_that_waited_for_a_slot_are_the_services_limit(drawn):
    queued = QUIET | {"queued": 300}

    assert judge(drawn(0.05, sent_late=0.19), 10.0, BOUND, queued).generator is None


def test_generator_is_not_named_while_the_bound_holds(drawn):
    assert judge(drawn(0.0), 10.0, BOUND, QUIET | {"cpu_ratio": 0.97}).generator is None

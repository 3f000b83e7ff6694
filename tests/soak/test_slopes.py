"""What a soak concludes from series: it sees a leak, and takes no noise for one."""

import random
from itertools import accumulate

import pytest

from tests.soak.slopes import Slope, round_means, slope
from tests.soak.table import LATENCY, Judged, judge, text
from tests.soak.watching import DESCRIPTORS, MEMORY, THREADS

SECONDS = 20
EVERY = 0.1
ROUND_SECONDS = 1.25
ROUNDS = range(4, 16)
CONFIDENCE = 0.99


def series(value, noise=0.0, seed=1):
    """Return 20 s of a figure whose noise lasts for a few samples, as that of memory does."""
    draw = random.Random(seed)
    steps = [draw.gauss(0, noise) for _ in range(int(SECONDS / EVERY))]
    wander = accumulate(steps, lambda before, step: 0.5 * before + step)
    return [(i * EVERY, value(i * EVERY) + off) for i, off in enumerate(wander)]


def found(samples):
    return slope(round_means(samples, 0.0, ROUND_SECONDS, ROUNDS), CONFIDENCE)


@pytest.mark.parametrize(
    ("figure", "at_first", "leak", "noise"),
    [
        (MEMORY, 80.0, 0.5, 0.3),
        (DESCRIPTORS, 60, 1.0, 0.5),
        (THREADS, 40, 0.2, 0.0),
        (LATENCY, 2.0, 0.1, 0.05),
    ],
)
def test_planted_leak_of_twenty_seconds_is_seen_with_its_size(figure, at_first, leak, noise):
    leaking = Judged("service", figure, found(series(lambda t: at_first + leak * t, noise)))
    sound = Judged("service", figure, found(series(lambda _: at_first, noise)))

    assert (leaking.leaks, leaking.verdict) == (True, "RISES")
    assert leaking.slope.low < 3600 * leak < leaking.slope.high or noise == 0
    assert leaking.slope.per_hour == pytest.approx(3600 * leak, rel=0.15)
    assert (sound.leaks, sound.verdict) == (False, "flat")


def test_interval_holds_the_true_slope_as_often_as_it_says():
    held = sum(
        one.low <= 3600 * 0.1 <= one.high
        for one in (found(series(lambda t: 80 + 0.1 * t, 0.3, seed)) for seed in range(300))
    )

    # 99 % of 300, less three times the spread of that number.
    assert held >= 291


def test_what_repeats_in_every_round_is_no_slope():
    turned = found(series(lambda t: 80 + 30 * ((t % ROUND_SECONDS) > 0.6)))

    assert turned.is_zero_within_its_interval
    assert abs(turned.per_hour) < 3600 * 0.2


def test_figure_that_fills_up_during_the_warm_up_is_flat_after_it():
    filled = found(series(lambda t: 80 + min(t, 4.9), 0.05))

    assert filled.is_zero_within_its_interval


def test_constant_figure_has_a_slope_of_zero_and_an_interval_without_width():
    constant = found(series(lambda _: 37))

    assert (constant.per_hour, constant.low, constant.high) == (0, 0, 0)
    assert constant.is_zero_within_its_interval


def test_sure_rise_that_is_too_small_to_count_is_told_and_is_no_leak():
    (small,) = judge({("service", MEMORY): Slope(80.0, 1.0, 0.5, 1.5, 0.5)})

    assert (small.leaks, small.verdict) == (False, "moves, too little to count")


def test_too_few_rounds_are_refused():
    with pytest.raises(ValueError, match="5 rounds are too few for a slope: 6 at least"):
        slope([(float(i), 1.0) for i in range(5)], CONFIDENCE)


def test_table_shows_every_figure_with_slope_interval_and_verdict():
    rows = judge(
        {
            ("service", MEMORY): Slope(80.0, 12.0, 10.0, 14.0, 0.5),
            ("hits, median", LATENCY): Slope(1.5, -0.1, -0.3, 0.1, 0.5),
        }
    )
    head, memory, latency = text(rows, 0.99).splitlines()

    assert "99.0 % interval" in head
    assert memory.split() == [
        *("service,", "memory", "(MB)", "80.00", "+12.00"),
        *("+10.00", "to", "+14.00", "+6.00", "RISES"),
    ]
    assert latency.split() == [
        *("latency", "hits,", "median", "(ms)", "1.50", "-0.10"),
        *("-0.30", "to", "+0.10", "-0.05", "flat"),
    ]

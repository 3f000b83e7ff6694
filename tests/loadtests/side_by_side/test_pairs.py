"""Two things are measured in turn, and each pair gives a ratio."""

import math

import numpy as np
import pytest

from loadtests.side_by_side.pairs import Ratios, measure_pair, range_of_another_run, ratios


def test_each_is_measured_first_in_every_other_pair():
    order = []
    for number in range(4):
        measure_pair(lambda: order.append("a"), lambda: order.append("b"), number)

    assert "".join(order) == "abbaabba"


@pytest.mark.parametrize("number", [0, 1])
def test_measurements_come_back_in_the_same_order_whichever_was_first(number):
    assert measure_pair(lambda: "one", lambda: "other", number) == ("one", "other")


def test_ratio_is_the_median_of_the_pairs_with_its_range():
    found = ratios([100, 300, 150], [100, 100, 100])

    assert (found.median, found.low, found.high) == (1.5, 1.0, 3.0)


def test_pairs_without_a_partner_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        ratios([1, 2], [1])


def test_spread_is_that_of_the_logarithms_so_that_twice_and_half_are_equally_far():
    assert ratios([2, 1], [1, 2]).spread == pytest.approx(math.log(4) / math.sqrt(2))
    assert ratios([3], [1]).spread == 0.0


def test_range_of_another_run_by_hand():
    # Student's t with 8 degrees of freedom: 5.0413 for 99.9 %.
    low, high = range_of_another_run(2.0, 0.1, 9, 3)

    factor = math.exp(5.0413 * 0.1 * math.sqrt(math.pi / 2 * (1 / 9 + 1 / 3)))
    assert (low, high) == pytest.approx((2.0 / factor, 2.0 * factor), rel=1e-4)


def test_median_of_another_run_lies_outside_its_range_once_or_twice_in_a_thousand_runs():
    random = np.random.default_rng(1)
    runs, outside = 4000, 0
    for _ in range(runs):
        one = Ratios(tuple(np.exp(random.normal(0.5, 0.2, 9))))
        another = Ratios(tuple(np.exp(random.normal(0.5, 0.2, 5))))
        low, high = range_of_another_run(one.median, one.spread, 9, 5)
        outside += not low <= another.median <= high

    assert outside / runs < 0.003


def test_one_pair_says_nothing_of_another_run():
    assert range_of_another_run(2.0, 0.0, 1, 9) == (0.0, math.inf)

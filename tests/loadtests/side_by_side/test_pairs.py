"""Two things are measured in turn, and each pair gives a ratio."""

import pytest

from loadtests.side_by_side.pairs import measure_in_turn, ratios


def test_each_is_measured_first_in_every_other_pair():
    order = []
    measure_in_turn(lambda: order.append("a"), lambda: order.append("b"), 4)

    assert "".join(order) == "abbaabba"


def test_measurements_come_back_in_the_order_of_the_pairs():
    ones, others = iter([1, 3]), iter([2, 4])

    assert measure_in_turn(lambda: next(ones), lambda: next(others), 2) == ([1, 3], [2, 4])


def test_ratio_is_the_median_of_the_pairs_with_its_range():
    found = ratios([100, 300, 150], [100, 100, 100])

    assert (found.median, found.low, found.high) == (1.5, 1.0, 3.0)


def test_pairs_without_a_partner_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        ratios([1, 2], [1])

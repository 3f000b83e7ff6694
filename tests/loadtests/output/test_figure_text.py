"""Figures as text for people."""

import pytest

from loadtests.output.figure_text import (
    count_text,
    milliseconds_text,
    number_text,
    percent_text,
    ratio_text,
)


@pytest.mark.parametrize(
    "write", [count_text, milliseconds_text, number_text, percent_text, ratio_text]
)
def test_unknown_is_a_dash(write):
    assert write(None) == "–"  # noqa: RUF001 - the sign in question


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.001234, "1.23"), (0.01, "10.0"), (0.0999, "99.9"), (0.1234, "123"), (2.0, "2000")],
)
def test_milliseconds_have_three_significant_digits(seconds, text):
    assert milliseconds_text(seconds) == text


def test_milliseconds_have_at_least_the_requested_decimals():
    assert milliseconds_text(0.1234, fewest_decimals=1) == "123.4"


def test_percent_has_one_decimal():
    assert percent_text(0.9876) == "98.8 %"

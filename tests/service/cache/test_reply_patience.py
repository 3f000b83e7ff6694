"""How long to wait for a reply of Redis."""

import pytest

from service.cache.reply_patience import SHORTEST_SECONDS, Patience
from tests.service.fakes import FakeClock


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def patience(clock):
    return Patience(0.1, clock=clock)


def test_wait_is_short_while_replies_are_fast(patience):
    for _ in range(1000):
        patience.record(0.0005)

    assert patience.seconds() == SHORTEST_SECONDS


def test_wait_is_three_times_the_slowest_recent_reply(patience):
    patience.record(0.02)
    patience.record(0.001)

    assert pytest.approx(0.06) == patience.seconds()


def test_slow_reply_decays_with_a_half_life_of_a_second(patience, clock):
    patience.record(0.03)
    clock.advance(1)

    assert pytest.approx(0.045) == patience.seconds()


@pytest.mark.parametrize("seconds", [0.1, 5.0, 1000.0])
def test_wait_never_exceeds_its_limit(patience, seconds):
    patience.record(seconds)

    assert patience.seconds() == 0.1


def test_limit_below_the_shortest_wait_applies_too():
    assert Patience(0.005).seconds() == 0.005

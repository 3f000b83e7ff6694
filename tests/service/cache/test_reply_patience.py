"""How long to wait for a reply."""

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
        patience.took(0.0005)

    assert patience.seconds() == SHORTEST_SECONDS


def test_wait_is_thrice_the_slowest_of_late(patience):
    patience.took(0.02)
    patience.took(0.001)

    assert pytest.approx(0.06) == patience.seconds()


def test_slow_reply_is_forgotten_by_half_every_half_second(patience, clock):
    patience.took(0.03)
    clock.advance(0.5)

    assert pytest.approx(0.045) == patience.seconds()


@pytest.mark.parametrize("seconds", [0.1, 5.0, 1000.0])
def test_wait_is_never_longer_than_its_bound(patience, seconds):
    patience.took(seconds)

    assert patience.seconds() == 0.1


def test_bound_below_the_usual_wait_holds_too():
    assert Patience(0.005).seconds() == 0.005

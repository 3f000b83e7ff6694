"""Streams of lookups for one's own users: their own rate, their own arrivals, their own keys."""

import numpy as np
import pytest

from loadtests.own_users.lookup_stream import LookupStream
from loadtests.traffic.rate_shape import Shape
from loadtests.traffic.zipf import Zipf

KEYS = Zipf(1000, 0.9, seed=7)


def _block(stream, sequence=0, start=0.0, count=2000):
    return stream.operations(sequence, start).next_block(count)


@pytest.mark.parametrize("arrivals", ["poisson", "paced"])
def test_user_gets_its_rate_from_when_it_began(arrivals):
    block = _block(LookupStream(KEYS, rate=50, arrivals=arrivals), start=5.0)

    assert block.times[0] >= 5.0
    assert len(block.times) / (block.times[-1] - 5.0) == pytest.approx(50, rel=0.05)
    assert not block.writes.any()


def test_users_draw_keys_and_times_of_their_own():
    stream = LookupStream(KEYS, rate=50)

    first, second = _block(stream, 0), _block(stream, 1)

    assert not np.array_equal(first.keys, second.keys)
    assert not np.array_equal(first.times, second.times)
    assert np.array_equal(first.keys, _block(stream, 0).keys)


def test_paced_users_do_not_send_at_the_same_moments():
    stream = LookupStream(KEYS, rate=10, arrivals="paced")

    phases = sorted(_block(stream, user).times[0] for user in range(5))

    assert min(np.diff(phases)) > 0.1 / 10


def test_shape_moves_the_rate():
    steep = LookupStream(KEYS, rate=10, arrivals="paced", shape=Shape("step", 3.0, 10.0))

    times = _block(steep).times

    assert np.sum(times < 10) == 100
    assert np.sum((times >= 10) & (times < 20)) == 300


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rate": 0}, "rate must be above 0 lookups a second, got 0; try 50"),
        ({"rate": float("nan")}, "got nan"),
        ({"rate": float("inf")}, "got inf"),
        ({"rate": 1, "arrivals": "even"}, "one of poisson, paced, got 'even'"),
        ({"rate": 1, "max_in_flight": 0}, "max_in_flight must be at least 1, got 0"),
    ],
)
def test_value_that_cannot_be_used_is_refused_when_the_locustfile_is_read(given, said):
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        LookupStream(KEYS, **given)

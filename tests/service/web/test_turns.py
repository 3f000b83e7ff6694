"""Bounds on requests of a kind: some are admitted, some wait, and the rest are refused at once."""

import threading
from dataclasses import replace

import pytest

from service.web.problems import RefusedError
from service.web.turns import Turns, body_turn, fill_turns

REFUSAL = "too many at a time; try again"


def turns(most=1, places=1, seconds=10.0):
    return Turns(most, places, seconds, REFUSAL)


def test_as_many_as_are_allowed_are_admitted_at_the_same_time():
    bounded = turns(most=2, places=0)

    with bounded.turn(), bounded.turn(), pytest.raises(RefusedError) as refused, bounded.turn():
        pytest.fail("a third was admitted")

    assert (refused.value.status, str(refused.value)) == (503, REFUSAL)


def test_turn_is_free_again_after_a_block_that_failed():
    bounded = turns(places=0)

    for _ in range(3):
        with pytest.raises(ZeroDivisionError), bounded.turn():
            raise ZeroDivisionError

    with bounded.turn():
        pass


def test_one_that_waits_is_admitted_when_the_turn_is_free():
    bounded, admitted = turns(), threading.Event()

    def wait():
        with bounded.turn():
            admitted.set()

    waiter = threading.Thread(target=wait)
    with bounded.turn():
        waiter.start()
        assert not admitted.is_set()
    waiter.join(10)

    assert admitted.is_set()


def test_wait_ends_with_a_refusal_and_gives_its_place_back():
    bounded = turns(seconds=0.001)

    with bounded.turn():
        for _ in range(3):
            with pytest.raises(RefusedError), bounded.turn():
                pytest.fail("it was admitted beside the one that has the turn")

    assert bounded._places.acquire(blocking=False)


def test_more_than_the_places_are_refused_without_waiting():
    bounded = turns(places=0, seconds=float("inf"))

    with bounded.turn(), pytest.raises(RefusedError), bounded.turn():
        pytest.fail("it was admitted")


@pytest.mark.parametrize(
    ("threads", "most", "places"), [(32, 4, 20), (8, 1, 5), (1, 1, 1), (100, 12, 63)]
)
def test_an_eighth_of_the_threads_may_read_bodies_and_a_quarter_never_waits_for_one(
    build, settings, threads, most, places
):
    app = build(replace(settings, threads=threads))
    bounded = app.extensions["bodies"]

    assert (bounded._turns._value, bounded._places._value) == (most, places)
    with body_turn(app, "127.0.0.1:1"):
        assert bounded._turns._value == most - 1
    assert bounded._turns._value == most


def test_one_fill_of_the_catalogue_is_carried_out_and_one_waits():
    bounded = fill_turns()

    assert (bounded._turns._value, bounded._places._value) == (1, 1)

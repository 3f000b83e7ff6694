"""Hits that are read again from the store, to count those that were right."""

import pytest

from service.domain.fruit import Fruit
from tests.service.parts import Parts

PEAR = Fruit(1, "pear", 2)


@pytest.fixture
def parts():
    parts = Parts()
    parts.set_knobs(shadow_ratio=1)
    return parts


def outcomes(parts):
    counts = parts.observer.counts
    return {key[1]: number for key, number in counts.items() if key[0] == "shadow"}


def hit(parts, fruit_id=1):
    """Look up a fruit that is in the cache, and run what that began in the background."""
    parts.look_up(fruit_id)
    parts.run_background()


def test_hit_that_the_store_still_has_is_equal(parts):
    parts.look_up()
    assert not parts.background
    hit(parts)

    assert outcomes(parts) == {"equal": 1}


def test_hit_of_a_row_that_was_written_since_is_stale_and_its_age_is_recorded(parts):
    parts.look_up()
    parts.clock.advance(62)
    parts.look_up()
    parts.clock.advance(7)
    parts.store.rows[1] = PEAR
    hit(parts)

    assert outcomes(parts) == {"stale": 1}
    assert parts.observer.stale_ages == [7.0]


def test_hit_of_a_row_that_was_deleted_since_is_gone(parts):
    parts.look_up()
    del parts.store.rows[1]
    hit(parts)

    assert outcomes(parts) == {"gone": 1}


def test_cached_absence_is_stale_once_there_is_a_row(parts):
    parts.look_up(7)
    hit(parts, 7)
    parts.store.rows[7] = Fruit(7, "fig", 1)
    hit(parts, 7)

    assert outcomes(parts) == {"equal": 1, "stale": 1}


def test_no_hit_is_read_again_by_default():
    parts = Parts()
    parts.look_up()
    parts.look_up()

    assert not parts.background


def test_share_of_hits_is_that_of_the_knob(parts):
    parts.set_knobs(shadow_ratio=0.25)
    parts.look_up()
    for step in range(100):
        parts.draw = step / 100
        hit(parts)

    assert outcomes(parts) == {"equal": 25}


def test_lookup_does_not_wait_and_reads_nothing_again_while_another_is_read(parts):
    parts.look_up()
    for _ in range(5):
        assert parts.look_up().result == "hit"

    assert len(parts.background) == 1


def test_read_that_comes_so_late_that_the_row_may_be_another_is_not_made(parts):
    parts.look_up()
    parts.look_up()
    parts.clock.advance(0.06)
    parts.store.rows[1] = PEAR
    parts.run_background()

    assert outcomes(parts) == {}


def test_store_that_is_down_is_no_outcome(parts):
    parts.look_up()
    parts.store.down = True
    hit(parts)

    assert outcomes(parts) == {}


def test_loads_are_not_counted(parts):
    parts.look_up()
    hit(parts)

    assert parts.store.loads == 1


def test_all_places_for_loads_are_left_to_loads():
    parts = Parts(slots=1)
    parts.set_knobs(shadow_ratio=1)
    parts.look_up()
    parts.store.on_load = lambda: hit(parts)
    parts.look_up(2)

    assert outcomes(parts) == {"equal": 1}

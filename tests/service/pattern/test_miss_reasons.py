"""Why lookups missed, as the process that missed tells it."""

import random
from collections import Counter

import pytest

from service.domain.cache import NO_ENTRY
from service.domain.fruit import Fruit
from service.pattern.entry_memory import HELD, PLACES
from tests.service.fakes import FakeClock, FakeStore, InMemoryCache
from tests.service.parts import APPLE, Parts

TTL = 60.0


@pytest.fixture
def parts():
    return Parts()


def reasons(parts):
    """Return how often each reason was reported so far."""
    parts.miss_reasons.judge()
    counts = parts.observer.counts
    return {key[1]: number for key, number in counts.items() if key[0] == "missed"}


def evict(parts, fruit_id=1):
    del parts.cache._keys[f"fruit:{fruit_id}"]


def hold_during_load(parts, *acts):
    """Do something else during each of the next loads, after the row was read."""
    left = list(acts)
    parts.store.on_load = lambda: left.pop(0)() if left else None


def test_first_lookup_of_a_fruit_misses_because_it_is_the_first(parts):
    parts.look_up()

    assert reasons(parts) == {"first": 1}


def test_hit_has_no_reason(parts):
    parts.look_up()
    parts.look_up()

    assert reasons(parts) == {"first": 1}


def test_lookup_after_the_ttl_misses_because_the_entry_expired(parts):
    parts.look_up()
    parts.clock.advance(TTL)
    parts.look_up()

    assert reasons(parts) == {"first": 1, "expired": 1}


def test_entry_gone_before_its_end_was_evicted(parts):
    parts.look_up()
    parts.clock.advance(TTL - 0.01)
    evict(parts)
    parts.look_up()

    assert reasons(parts) == {"first": 1, "evicted": 1}


def test_entry_evicted_after_the_ttl_was_changed_is_judged_by_the_ttl_it_was_written_with(parts):
    parts.look_up()
    parts.set_knobs(ttl_seconds=1)
    parts.clock.advance(30)
    evict(parts)
    parts.look_up()

    assert reasons(parts) == {"first": 1, "evicted": 1}


def test_lookup_after_a_write_misses_because_of_the_write(parts):
    parts.look_up()
    parts.clock.advance(1)
    parts.writes.replace(Fruit(1, "pear", 2))
    parts.look_up()

    assert reasons(parts) == {"first": 1, "invalidated": 1}


def test_write_is_remembered_longer_than_its_token_is_kept(parts):
    parts.look_up()
    parts.clock.advance(1)
    parts.writes.replace(Fruit(1, "pear", 2))
    parts.clock.advance(40)
    parts.look_up()

    assert reasons(parts) == {"first": 1, "invalidated": 1}


def test_write_after_the_entry_had_expired_is_no_reason(parts):
    parts.look_up()
    parts.clock.advance(TTL + 1)
    parts.writes.replace(Fruit(1, "pear", 2))
    parts.look_up()

    assert reasons(parts) == {"first": 1, "expired": 1}


def test_entry_filled_after_a_write_expires_like_any_other(parts):
    parts.set_knobs(ttl_seconds=5)
    parts.look_up()
    parts.clock.advance(1)
    parts.writes.replace(Fruit(1, "pear", 2))
    parts.look_up()
    parts.clock.advance(6)  # The token of the write is still there.
    parts.look_up()

    assert reasons(parts) == {"first": 1, "invalidated": 1, "expired": 1}


def test_lookup_after_a_fill_that_a_write_fenced_misses_because_of_the_write(parts):
    hold_during_load(parts, lambda: parts.writes.replace(Fruit(1, "pear", 2)))
    parts.look_up()
    parts.look_up()

    assert reasons(parts) == {"first": 1, "invalidated": 1}


def test_lookup_after_a_fill_whose_token_was_evicted_misses_because_of_that(parts):
    hold_during_load(parts, lambda: parts.cache._keys.pop("{fruit:1}:gen"))
    parts.look_up()
    parts.look_up()

    assert reasons(parts) == {"first": 1, "evicted": 1}


def test_lookup_after_a_fill_that_the_cache_refused_misses_because_of_that(parts):
    parts.cache.full = True
    parts.look_up()
    parts.cache.full = False
    parts.look_up()

    assert reasons(parts) == {"first": 1, "refused": 1}


def test_absence_that_is_not_cached_is_refused(parts):
    parts.set_knobs(negative_ttl_seconds=0)
    for _ in range(3):
        parts.look_up(7)

    assert reasons(parts) == {"first": 1, "refused": 2}


def test_entry_that_cannot_be_read_has_no_known_reason(parts):
    parts.cache.put("fruit:1", b"{", 60_000)
    parts.look_up()

    assert reasons(parts) == {"unknown": 1}


def test_several_loads_at_once_have_the_reason_of_the_first(parts):
    parts.set_knobs(protection="none")
    parts.look_up()
    parts.clock.advance(TTL)
    hold_during_load(parts, lambda: (parts.clock.advance(0.05), parts.look_up()))
    parts.look_up()

    assert reasons(parts) == {"first": 1, "expired": 2}


def test_refresh_in_the_background_is_no_miss_and_its_entry_is_remembered(parts):
    parts.set_knobs(protection="early", early_beta=10)
    parts.store.on_load = lambda: parts.clock.advance(1)
    parts.look_up()
    parts.clock.advance(TTL - 2)
    parts.draw = 0.999
    parts.look_up()
    parts.run_background()
    parts.clock.advance(TTL - 10)
    evict(parts)
    parts.look_up()

    assert reasons(parts) == {"first": 1, "evicted": 1}


def test_emptied_cache_begins_anew(parts):
    parts.look_up()
    parts.cache.clear()
    parts.miss_reasons.forget()
    parts.look_up()

    assert reasons(parts) == {"first": 2}


def test_restarted_redis_begins_anew(parts):
    parts.look_up()
    evict(parts)
    parts.cache.generation = lambda *_: ("+1@another", NO_ENTRY)
    parts.look_up()

    assert reasons(parts) == {"first": 2}


def test_first_miss_is_unknown_while_entries_from_before_the_process_may_be_there(parts):
    parts.knobs.hide_ages()
    parts.look_up(1)
    assert reasons(parts) == {"unknown": 1}

    parts.clock.advance(TTL)
    parts.look_up(2)
    assert reasons(parts) == {"unknown": 1, "first": 1}


def test_without_generations_an_entry_gone_early_has_no_known_reason(parts):
    parts.set_knobs(fencing="off")
    parts.look_up()
    evict(parts)
    parts.look_up()

    assert reasons(parts) == {"first": 1, "unknown": 1}


def test_write_of_another_process_is_known_by_its_token():
    clock = FakeClock()
    cache, store = InMemoryCache(clock), FakeStore(APPLE)
    here, there = (Parts(clock=clock, cache=cache, store=store) for _ in range(2))
    here.look_up()
    clock.advance(1)
    there.writes.replace(Fruit(1, "pear", 2))
    here.look_up()

    assert reasons(here) == {"first": 1, "invalidated": 1}


def test_fill_that_another_process_made_first_is_remembered():
    clock = FakeClock()
    cache, store = InMemoryCache(clock), FakeStore(APPLE)
    here, there = (Parts(clock=clock, cache=cache, store=store) for _ in range(2))
    hold_during_load(here, there.look_up)
    here.look_up()
    clock.advance(1)
    evict(here)
    here.look_up()

    assert reasons(here) == {"first": 1, "evicted": 1}


def test_fruit_whose_place_another_took_is_known_to_have_expired_once_all_such_have(parts):
    for fruit_id in (1, 1 + PLACES):
        parts.look_up(fruit_id)
    parts.look_up(1 + HELD)  # Its place in the list of those held is that of fruit 1.
    parts.clock.advance(TTL)
    parts.look_up(1)

    assert reasons(parts) == {"first": 2, "unknown": 1, "expired": 1}


@pytest.mark.parametrize("protection", ["none", "single-flight", "lease"])
def test_shares_agree_with_a_replay_that_knows_the_end_of_every_entry(parts, protection):
    # The truth is kept here, event by event, without a look at the service. An entry that was
    # evicted counts as expired once it would have, and as written once it is.
    draw = random.Random(11)
    parts.set_knobs(ttl_seconds=10, negative_ttl_seconds=10, protection=protection)
    parts.store.rows = {number: Fruit(number, "fig", 1) for number in range(1, 31)}
    ends, gone_for, truth = {}, {}, Counter()
    for _ in range(20_000):
        parts.clock.advance(draw.expovariate(20))
        now, number = parts.clock(), min(int(draw.paretovariate(0.6)), 40)
        act, lives = draw.random(), now < ends.get(number, 0)
        if act < 0.05:
            parts.writes.replace(Fruit(number, "fig", 1))
            if lives and gone_for.get(number) != "refused":
                gone_for[number] = "invalidated"
        elif act < 0.08 and lives and number not in gone_for:
            evict(parts, number)
            gone_for[number] = "evicted"
        elif act >= 0.08:
            parts.cache.full = draw.random() < 0.05
            missed = parts.look_up(number).result == "miss"
            assert missed == (not lives or number in gone_for)
            if missed:
                cause = gone_for.pop(number, "expired" if number in ends else "first")
                truth["expired" if cause == "evicted" and not lives else cause] += 1
                ends[number] = now + 10
                if parts.cache.full:
                    gone_for[number] = "refused"
            parts.cache.full = False

    assert reasons(parts) == truth
    assert min(truth.values()) >= 40

"""Invalidations: done, remembered, retried, given up."""

import pytest

from service.loads import LONGEST_FENCED_SECONDS
from service.lookup import BypassReason, InvalidationOutcome, LookupResult
from tests.service.parts import APPLE, Parts

NEWER = APPLE.__class__(1, "newer", 1)


@pytest.fixture
def parts():
    return Parts()


def test_write_takes_the_entry_out(parts):
    parts.look_up()
    created, outcome = parts.writes.replace(NEWER)

    assert (created, outcome) == (False, InvalidationOutcome.DONE)
    assert parts.look_up().fruit == NEWER


def test_write_takes_a_cached_absence_out(parts):
    parts.look_up(9)
    parts.writes.replace(APPLE.__class__(9, "kiwi", 1))

    assert parts.look_up(9).result is LookupResult.MISS


def test_delete_takes_the_entry_out(parts):
    parts.look_up()
    existed, outcome = parts.writes.delete(1)

    assert (existed, outcome) == (True, InvalidationOutcome.DONE)
    assert parts.look_up().fruit is None


def test_delete_of_nothing_takes_the_entry_out_all_the_same(parts):
    parts.look_up()
    parts.store.rows.clear()
    parts.writes.delete(1)

    assert parts.cache.read(1).found is False


def test_without_invalidation_the_entry_stays_for_its_ttl(parts):
    parts.turn(invalidation="none")
    parts.look_up()

    assert parts.writes.replace(NEWER) == (False, None)
    assert parts.look_up().fruit == APPLE
    parts.clock.advance(60)
    assert parts.look_up().fruit == NEWER


def test_invalidation_that_the_cache_did_not_take_is_remembered(parts):
    parts.look_up()
    parts.cache.down = True

    assert parts.writes.replace(NEWER)[1] is InvalidationOutcome.DEFERRED
    assert parts.invalidations.is_pending(1)


def test_process_does_not_read_what_it_could_not_invalidate(parts):
    parts.look_up()
    parts.cache.down = True
    parts.writes.replace(NEWER)
    parts.cache.down = False
    lookup = parts.look_up()

    assert (lookup.fruit, lookup.bypass) == (NEWER, BypassReason.INVALIDATION_PENDING)


def test_pending_invalidation_is_retried_until_done(parts):
    parts.look_up()
    parts.cache.down = True
    parts.writes.replace(NEWER)
    assert not parts.invalidations.retry()
    parts.cache.down = False

    assert parts.invalidations.retry()
    assert parts.look_up().fruit == NEWER
    assert parts.look_up().result is LookupResult.HIT
    assert parts.observer.counts["invalidation", "retried"] == 1


def test_pending_invalidation_is_given_up_when_its_entry_is_dead(parts):
    parts.turn(ttl_seconds=10)
    parts.clock.advance(100)
    parts.cache.down = True
    parts.writes.replace(NEWER)
    parts.clock.advance(LONGEST_FENCED_SECONDS + 9)
    assert not parts.invalidations.retry()
    parts.clock.advance(2)

    assert parts.invalidations.retry()
    assert parts.observer.counts["invalidation", "abandoned"] == 1


@pytest.mark.parametrize("ttl_seconds", [2, 40])
def test_pending_invalidation_outlives_the_fill_of_another_process_load(parts, ttl_seconds):
    """That load began before the write, and fills after every entry of then has ended."""
    other = Parts(clock=parts.clock, cache=parts.cache, store=parts.store)
    for one in (parts, other):
        one.turn(ttl_seconds=2, negative_ttl_seconds=0)
    parts.clock.advance(200)

    def write_without_the_cache():
        parts.store.on_load = lambda: None
        parts.cache.down = True
        parts.writes.replace(NEWER)
        parts.clock.advance(5)
        parts.invalidations.retry()
        parts.cache.down = False
        other.turn(ttl_seconds=ttl_seconds)

    parts.store.on_load = write_without_the_cache
    assert other.look_up().fruit == APPLE
    parts.turn(ttl_seconds=ttl_seconds)
    parts.clock.advance(1)
    parts.invalidations.retry()

    assert parts.look_up().fruit == other.look_up().fruit == NEWER


def test_pending_invalidation_is_kept_for_entries_of_an_earlier_longer_ttl(parts):
    parts.look_up()
    parts.turn(ttl_seconds=1, negative_ttl_seconds=0)
    parts.cache.down = True
    parts.writes.replace(NEWER)
    parts.clock.advance(50)

    assert not parts.invalidations.retry()
    assert parts.invalidations.is_pending(1)


def test_later_write_is_not_taken_for_done_with_the_retry_of_an_earlier(parts):
    parts.cache.down = True
    parts.invalidations.invalidate(1)
    parts.cache.down = False
    invalidate = parts.cache.invalidate

    def invalidate_while_another_write_fails(fruit_id, **options):
        invalidate(fruit_id, **options)
        parts.cache.invalidate = invalidate
        parts.cache.down = True
        parts.invalidations.invalidate(1)

    parts.cache.invalidate = invalidate_while_another_write_fails
    parts.invalidations.retry()

    assert parts.invalidations.is_pending(1)


def test_write_whose_answer_was_lost_invalidates_all_the_same(parts):
    parts.look_up()
    replace = parts.store.replace

    def replace_and_lose_the_answer(fruit):
        replace(fruit)
        parts.store.down = True
        replace(fruit)

    parts.store.replace = replace_and_lose_the_answer
    with pytest.raises(Exception, match="down"):
        parts.writes.replace(NEWER)
    parts.store.down = False

    assert parts.look_up().fruit == NEWER


def test_writes_done_are_counted(parts):
    for _ in range(3):
        parts.writes.replace(NEWER)

    assert parts.observer.counts["invalidation", "done"] == 3


def test_hiccup_of_the_cache_does_not_defer_an_invalidation(parts):
    """Acknowledged with its entry still in the cache, a write would be followed by stale reads."""
    parts.look_up()
    invalidate, hiccups = parts.cache.invalidate, iter([True, True, False])

    def invalidate_with_hiccups(fruit_id, *, fenced):
        parts.cache.down = next(hiccups)
        invalidate(fruit_id, fenced=fenced)

    parts.cache.invalidate = invalidate_with_hiccups

    assert parts.writes.replace(NEWER)[1] is InvalidationOutcome.DONE
    assert not parts.invalidations.is_pending(1)


def test_invalidation_that_ends_unforeseen_is_remembered(parts):
    def fail(*_, **__):
        raise ZeroDivisionError

    invalidate, parts.cache.invalidate = parts.cache.invalidate, fail
    assert parts.writes.replace(NEWER) == (False, InvalidationOutcome.DEFERRED)
    parts.cache.invalidate = invalidate

    assert parts.invalidations.is_pending(1)
    assert parts.invalidations.retry()


def test_lookups_do_not_bypass_while_an_invalidation_is_under_way(parts):
    parts.look_up()
    invalidate, seen = parts.cache.invalidate, []

    def look_up_meanwhile(fruit_id, *, fenced):
        seen.append(parts.look_up().result)
        invalidate(fruit_id, fenced=fenced)

    parts.cache.invalidate = look_up_meanwhile
    parts.writes.replace(NEWER)

    assert seen == [LookupResult.HIT]

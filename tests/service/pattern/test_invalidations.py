"""Invalidations: done, deferred, retried and abandoned."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.domain.cache import LONGEST_FENCED_SECONDS, CacheUnavailableError, InvalidationOutcome
from service.domain.lookup import BypassReason, LookupResult
from service.domain.store import StoreRefusedError, StoreUnavailableError
from service.pattern.invalidations import ATTEMPTS, MAX_WAITING_FOR_A_SILENT_CACHE
from tests.service.parts import APPLE, Parts

NEWER = APPLE.__class__(1, "newer", 1)


@pytest.fixture
def parts():
    return Parts()


def test_write_removes_the_entry(parts):
    parts.look_up()
    created, outcome = parts.writes.replace(NEWER)

    assert (created, outcome) == (False, InvalidationOutcome.DONE)
    assert parts.look_up().fruit == NEWER


def test_write_removes_a_cached_absence(parts):
    parts.look_up(9)
    parts.writes.replace(APPLE.__class__(9, "kiwi", 1))

    assert parts.look_up(9).result is LookupResult.MISS


def test_delete_removes_the_entry(parts):
    parts.look_up()
    existed, outcome = parts.writes.delete(1)

    assert (existed, outcome) == (True, InvalidationOutcome.DONE)
    assert parts.look_up().fruit is None


def test_delete_of_a_missing_row_removes_the_entry_too(parts):
    parts.look_up()
    parts.store.rows.clear()
    parts.writes.delete(1)

    assert parts.cache.read(1).found is False


def test_entry_stays_for_its_ttl_with_invalidation_off(parts):
    parts.set_knobs(invalidation="none")
    parts.look_up()

    assert parts.writes.replace(NEWER) == (False, None)
    assert parts.look_up().fruit == APPLE
    parts.clock.advance(60)
    assert parts.look_up().fruit == NEWER


def test_invalidation_is_deferred_when_the_cache_does_not_answer(parts):
    parts.look_up()
    parts.cache.down = True

    assert parts.writes.replace(NEWER)[1] is InvalidationOutcome.DEFERRED
    assert 1 in parts.invalidations.pending


def test_process_does_not_read_an_entry_with_a_pending_invalidation(parts):
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
    assert not parts.invalidations.retry(1)
    parts.cache.down = False

    assert parts.invalidations.retry(1)
    assert parts.look_up().fruit == NEWER
    assert parts.look_up().result is LookupResult.HIT
    assert parts.observer.counts["invalidation", "retried"] == 1


def test_pending_invalidation_is_abandoned_when_its_entry_must_have_expired(parts):
    parts.set_knobs(ttl_seconds=10)
    parts.clock.advance(100)
    parts.cache.down = True
    parts.writes.replace(NEWER)
    parts.clock.advance(LONGEST_FENCED_SECONDS + 9)
    assert not parts.invalidations.retry(1)
    parts.clock.advance(2)

    assert parts.invalidations.retry(1)
    assert parts.observer.counts["invalidation", "abandoned"] == 1


@pytest.mark.parametrize("ttl_seconds", [2, 40])
def test_pending_invalidation_outlasts_the_fill_of_a_load_in_another_process(parts, ttl_seconds):
    """That load starts before the write and fills after every entry of that time has expired."""
    other = Parts(clock=parts.clock, cache=parts.cache, store=parts.store)
    for one in (parts, other):
        one.set_knobs(ttl_seconds=2, negative_ttl_seconds=0)
    parts.clock.advance(200)

    def write_without_the_cache():
        parts.store.on_load = lambda: None
        parts.cache.down = True
        parts.writes.replace(NEWER)
        parts.clock.advance(5)
        parts.invalidations.retry(1)
        parts.cache.down = False
        other.set_knobs(ttl_seconds=ttl_seconds)

    parts.store.on_load = write_without_the_cache
    assert other.look_up().fruit == APPLE
    parts.set_knobs(ttl_seconds=ttl_seconds)
    parts.clock.advance(1)
    parts.invalidations.retry(1)

    assert parts.look_up().fruit == other.look_up().fruit == NEWER


def test_pending_invalidation_is_kept_for_entries_of_an_earlier_longer_ttl(parts):
    parts.look_up()
    parts.set_knobs(ttl_seconds=1, negative_ttl_seconds=0)
    parts.cache.down = True
    parts.writes.replace(NEWER)
    parts.clock.advance(50)

    assert not parts.invalidations.retry(1)
    assert 1 in parts.invalidations.pending


def test_retry_for_an_earlier_write_does_not_complete_a_later_one(parts):
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
    parts.invalidations.retry(1)

    assert 1 in parts.invalidations.pending


def test_write_invalidates_although_the_answer_of_the_store_was_lost(parts):
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


@pytest.fixture
def lost(parts):
    """A write whose reply was lost; `land` carries it out."""

    def lose(_):
        raise StoreUnavailableError("no reply")

    land, parts.store.replace = parts.store.replace, lose
    with pytest.raises(StoreUnavailableError):
        parts.writes.replace(NEWER)
    parts.store.replace = land
    return lambda: land(NEWER)


def test_write_that_lands_after_its_reply_was_lost_is_invalidated_too(parts, lost):
    other = Parts(clock=parts.clock, cache=parts.cache, store=parts.store)
    assert other.look_up().fruit == APPLE
    parts.clock.advance(4.9)
    lost()
    assert parts.invalidations.retry(1)

    assert other.look_up().fruit == parts.look_up().fruit == NEWER


def test_process_does_not_use_an_entry_whose_write_may_still_land(parts, lost):
    del lost

    assert parts.look_up().bypass is BypassReason.INVALIDATION_PENDING


def test_write_that_can_no_longer_land_is_settled(parts, lost):
    del lost
    before = 1 in parts.invalidations.pending
    parts.clock.advance(5.1)
    parts.invalidations.retry(1)

    assert (before, 1 in parts.invalidations.pending) == (True, False)


def test_write_may_land_for_as_long_as_the_store_hangs(parts, lost):
    del lost
    parts.store_breaker.is_open = True
    for _ in range(20):
        parts.clock.advance(4)
        parts.invalidations.retry(1)
    parts.store_breaker.is_open = False
    parts.clock.advance(4)
    parts.invalidations.retry(1)
    assert 1 in parts.invalidations.pending

    parts.clock.advance(1.1)
    parts.invalidations.retry(1)
    assert 1 not in parts.invalidations.pending


def test_later_write_does_not_settle_one_that_may_still_land(parts, lost):
    del lost
    parts.writes.replace(NEWER)

    assert 1 in parts.invalidations.pending


def test_write_that_the_store_refused_is_settled_at_once(parts):
    def refuse(_):
        raise StoreRefusedError("a deadlock")

    parts.store.replace = refuse
    with pytest.raises(StoreRefusedError):
        parts.writes.replace(NEWER)

    assert 1 not in parts.invalidations.pending


def test_ending_process_does_not_wait_for_writes_that_may_still_land(parts, lost, caplog):
    del lost
    began = parts.clock()
    parts.invalidations.finish(3)

    assert parts.clock() == began
    assert "lost" not in caplog.text


def test_completed_invalidations_are_counted(parts):
    for _ in range(3):
        parts.writes.replace(NEWER)

    assert parts.observer.counts["invalidation", "done"] == 3


def test_short_failure_of_the_cache_does_not_defer_an_invalidation(parts):
    """If a write were acknowledged with its entry still cached, stale reads would follow."""
    parts.look_up()
    invalidate, hiccups = parts.cache.invalidate, iter([True, True, False])

    def invalidate_with_hiccups(fruit_id):
        parts.cache.down = next(hiccups)
        invalidate(fruit_id)

    parts.cache.invalidate = invalidate_with_hiccups

    assert parts.writes.replace(NEWER)[1] is InvalidationOutcome.DONE
    assert 1 not in parts.invalidations.pending


def test_invalidation_with_an_unexpected_error_is_deferred(parts):
    def fail(*_, **__):
        raise ZeroDivisionError

    invalidate, parts.cache.invalidate = parts.cache.invalidate, fail
    assert parts.writes.replace(NEWER) == (False, InvalidationOutcome.DEFERRED)
    parts.cache.invalidate = invalidate

    assert 1 in parts.invalidations.pending
    assert parts.invalidations.retry(1)


def test_lookups_do_not_bypass_while_an_invalidation_is_under_way(parts):
    parts.look_up()
    invalidate, seen = parts.cache.invalidate, []

    def look_up_meanwhile(fruit_id):
        seen.append(parts.look_up().result)
        invalidate(fruit_id)

    parts.cache.invalidate = look_up_meanwhile
    parts.writes.replace(NEWER)

    assert seen == [LookupResult.HIT]


def make_cache_hang(parts, *, seconds=0.1):
    """Make invalidations in the cache hang; return the list of ids that they get."""
    attempts = []

    def hang(fruit_id, **_):
        attempts.append(fruit_id)
        parts.clock.advance(seconds)
        raise CacheUnavailableError("no answer")

    parts.cache.invalidate = hang
    return attempts


def test_write_tries_a_hanging_cache_once_and_a_recently_answering_one_a_few_times(parts):
    attempts = make_cache_hang(parts)
    parts.writes.replace(NEWER)
    before = len(attempts)
    parts.redis_breaker.is_open = True
    parts.writes.replace(NEWER)

    assert (before, len(attempts)) == (ATTEMPTS, ATTEMPTS + 1)


def test_only_a_few_writes_at_a_time_wait_for_a_hanging_cache(parts):
    """Otherwise a hundred writes a second would occupy every thread, and hits would stop."""
    parts.redis_breaker.is_open = True
    waiting, ending = threading.Barrier(MAX_WAITING_FOR_A_SILENT_CACHE + 1), threading.Event()

    def hang(*_, **__):
        waiting.wait(10)
        assert ending.wait(10)
        raise CacheUnavailableError("no answer")

    parts.cache.invalidate = hang
    with ThreadPoolExecutor(MAX_WAITING_FOR_A_SILENT_CACHE) as threads:
        crowd = [threads.submit(parts.invalidations.invalidate, n) for n in range(10, 14)]
        waiting.wait(10)
        one_more = parts.invalidations.invalidate(1)
        ending.set()

    assert one_more is InvalidationOutcome.DEFERRED
    assert {future.result() for future in crowd} == {InvalidationOutcome.DEFERRED}
    assert 1 in parts.invalidations.pending


def leave_pending(parts, ids):
    parts.cache.down = True
    for fruit_id in ids:
        parts.invalidations.invalidate(fruit_id)
    parts.cache.down = False


def test_retry_of_many_ends_in_time_and_leaves_the_rest_pending(parts):
    leave_pending(parts, range(1, 11))
    invalidate = parts.cache.invalidate

    def take_time(fruit_id, **options):
        parts.clock.advance(0.3)
        invalidate(fruit_id, **options)

    parts.cache.invalidate = take_time

    assert parts.invalidations.retry(1.0)
    assert [n for n in range(1, 11) if n in parts.invalidations.pending] == [*range(5, 11)]


@pytest.mark.parametrize(("silent_seconds", "left"), [(1.0, 0), (2.0, 2)])
def test_ending_process_waits_a_limited_time_for_its_pending_invalidations(
    parts, silent_seconds, left
):
    leave_pending(parts, [1, 2])
    invalidate, began = parts.cache.invalidate, parts.clock()

    def take_when_it_answers(fruit_id, **options):
        parts.cache.down = parts.clock() < began + silent_seconds
        invalidate(fruit_id, **options)

    parts.cache.invalidate = take_when_it_answers

    parts.invalidations.finish(1.5)
    assert sum(n in parts.invalidations.pending for n in (1, 2)) == left
    assert parts.clock() < began + 1.6


def test_ending_process_does_not_wait_when_nothing_is_pending(parts):
    parts.cache.down = True
    began = parts.clock()

    parts.invalidations.finish(1.5)

    assert parts.clock() == began

"""The contract that the service relies on in its cache; runs on the fake and on a real Redis."""

import pytest

from service.domain.cache import (
    NO_ENTRY,
    OVERTAKEN,
    CacheUnavailableError,
    Claim,
    FillOutcome,
    LeaseState,
)
from service.domain.fruit import Fruit

APPLE = Fruit(1, "apple", 100)


class CacheContract:
    """The tests of the contract, run by subclasses that define the fixtures.

    Required fixtures: `cache`, an empty cache; `observer`, its observer; `put`, which sets a raw
    key (key, value, ms); `forget`, which deletes one; `remaining`, which returns the TTL of one
    in ms; `cache_keys`, which lists all keys; `fill_up`, which makes the cache refuse all
    further keys, and `free`, which ends that.
    """

    def test_absent_entry_reads_as_not_found(self, cache):
        read = cache.read(1)

        assert (read.found, read.fruit, read.remaining_ms) == (False, None, -2)

    def test_filled_entry_reads_with_the_ttl_it_was_given(self, cache):
        assert cache.fill(1, APPLE, 60_000, since(cache, -2)) == FillOutcome.STORED

        read = cache.read(1)
        assert (read.found, read.fruit) == (True, APPLE)
        assert 59_000 < read.remaining_ms <= 60_000

    def test_cached_absence_reads_as_found_without_a_fruit(self, cache):
        cache.fill(7, None, 5000, since(cache, -2, fruit_id=7))

        read = cache.read(7)
        assert (read.found, read.fruit) == (True, None)

    def test_entry_without_a_ttl_reads_with_minus_one(self, cache, put):
        put("fruit:1", b'{"id": 1, "name": "apple", "quantity": 100}', None)

        assert (cache.read(1).fruit, cache.read(1).remaining_ms) == (APPLE, -1)

    def test_poisoned_entry_reads_as_not_found_and_is_replaced_by_the_next_fill(self, cache, put):
        put("fruit:1", b"{", 60_000)

        read = cache.read(1)
        assert not read.found
        assert cache.fill(1, APPLE, 1000, since(cache, read.remaining_ms)) == FillOutcome.STORED
        assert cache.read(1).fruit == APPLE

    @pytest.mark.parametrize("value", [b"", b"x" * 4097, b"null" + b" " * 10**6])
    @pytest.mark.parametrize("method", ["read", "read_ended"])
    def test_value_that_is_empty_or_too_long_is_poisoned(self, cache, put, observer, value, method):
        put("fruit:1", value, 60_000)

        read = getattr(cache, method)(1)
        assert not read.found
        assert read.generation is None
        assert 59_000 < read.remaining_ms <= 60_000
        assert observer.counts["error", "decode"] == 1

    def test_ended_entry_reads_with_the_generation_that_its_fill_must_find(self, cache, cache_keys):
        read = cache.read_ended(1)

        assert (read.found, read.fruit, read.remaining_ms) == (False, None, -2)
        assert cache.generation(1, -2) == (read.generation, NO_ENTRY)
        assert cache.fill(1, APPLE, 60_000, Claim(read.generation, -2)) == FillOutcome.STORED
        assert cache_keys() == ["fruit:1"]

    def test_ended_entry_that_was_written_again_reads_as_any_other(self, cache):
        cache.fill(1, APPLE, 60_000, since(cache, -2))

        read = cache.read_ended(1)
        assert (read.found, read.fruit, read.generation) == (True, APPLE, None)
        assert 59_000 < read.remaining_ms <= 60_000

    def test_ended_entry_without_a_ttl_reads_with_minus_one(self, cache, put):
        put("fruit:1", b"null", None)

        read = cache.read_ended(1)
        assert (read.found, read.fruit, read.remaining_ms) == (True, None, -1)

    def test_fill_of_an_ended_entry_after_an_invalidation_is_fenced(self, cache):
        read = cache.read_ended(1)
        cache.invalidate(1)

        assert cache.fill(1, APPLE, 60_000, Claim(read.generation, -2)) == FillOutcome.FENCED
        assert not cache.read(1).found

    def test_longest_name_is_read(self, cache):
        longest = Fruit(2_147_483_647, "\U0001f34e" * 255, 2_147_483_647)
        cache.fill(longest.id, longest, 60_000, since(cache, -2, fruit_id=longest.id))

        assert longest == cache.read(longest.id).fruit

    def test_poisoned_entry_without_a_ttl_is_replaced_too(self, cache, put):
        put("fruit:1", b'{"id": 2, "name": "orange", "quantity": 200}', None)

        read = cache.read(1)
        cache.fill(1, APPLE, 1000, since(cache, read.remaining_ms))
        assert cache.read(1).fruit == APPLE

    @pytest.mark.parametrize("ms", [60_000, None], ids=["with a TTL", "without a TTL"])
    def test_absence_that_is_not_cached_removes_the_entry_that_it_replaces(self, cache, put, ms):
        put("fruit:1", b"{", ms)

        seen = cache.read(1).remaining_ms
        assert cache.fill(1, None, 0, since(cache, seen)) is None
        assert cache.read(1).remaining_ms == -2

    def test_absence_that_is_not_cached_keeps_an_entry_that_another_load_wrote_since(self, cache):
        cache.fill(1, APPLE, 60_000, since(cache, -2))

        for seen_ms in (-2, 5000):
            assert cache.fill(1, None, 0, since(cache, seen_ms)) is None
            assert cache.read(1).fruit == APPLE

    def test_absence_overtaken_by_a_write_removes_nothing(self, cache):
        before = since(cache, -2).generation
        cache.invalidate(1)
        cache.fill(1, APPLE, 60_000, since(cache, -2))

        assert cache.fill(1, None, 0, Claim(before, 10**9)) == FillOutcome.FENCED
        assert cache.read(1).fruit == APPLE

    def test_fill_after_an_invalidation_is_fenced(self, cache):
        generation = since(cache, -2).generation
        cache.invalidate(1)

        assert cache.fill(1, APPLE, 1000, Claim(generation, -2)) == FillOutcome.FENCED
        assert not cache.read(1).found

    def test_fill_is_fenced_when_its_generation_is_gone(self, cache, forget):
        """It is gone after a flush, an eviction or half a minute, whatever was written since."""
        before = since(cache, -2)
        forget("{fruit:1}:gen")

        assert cache.fill(1, APPLE, 1000, before) == FillOutcome.FENCED
        assert not cache.read(1).found

    def test_fill_is_fenced_when_its_generation_is_gone_and_there_is_a_new_one(self, cache, forget):
        before = since(cache, -2)
        forget("{fruit:1}:gen")
        since(cache, -2)

        assert cache.fill(1, APPLE, 1000, before) == FillOutcome.FENCED

    def test_generation_lasts_as_long_as_the_longest_load_from_its_last_reader_on(
        self, cache, remaining
    ):
        since(cache, -2)

        assert 29_000 < remaining("{fruit:1}:gen") <= 30_000

    def test_loads_between_two_invalidations_have_the_same_generation(self, cache):
        assert since(cache, -2).generation == since(cache, -2).generation

    def test_overtaken_load_is_fenced_after_the_newer_row_was_filled_too(self, cache):
        old = since(cache, -2)
        cache.invalidate(1)
        cache.fill(1, APPLE, 60_000, since(cache, -2))

        older = Fruit(1, "older", 1)
        assert cache.fill(1, older, 60_000, old) == FillOutcome.FENCED
        assert cache.read(1).fruit == APPLE

    def test_fill_leaves_no_key_but_its_entry(self, cache, cache_keys):
        cache.fill(1, APPLE, 60_000, since(cache, -2))

        assert list(cache_keys()) == ["fruit:1"]

    def test_lookup_that_missed_before_a_fill_finds_its_entry_instead_of_a_generation(self, cache):
        cache.fill(1, APPLE, 60_000, since(cache, -2))

        generation, entry = cache.generation(1, -2)
        assert (generation, entry.found, entry.fruit) == ("", True, APPLE)

    def test_lookup_that_missed_before_an_unreadable_entry_came_learns_of_it(self, cache, put):
        put("fruit:1", b"{", 60_000)

        generation, entry = cache.generation(1, -2)
        assert (generation, entry.found) == ("", False)
        assert 59_000 < entry.remaining_ms <= 60_000

    def test_full_cache_fills_nothing_for_a_load_that_began_without_a_generation(
        self, cache, fill_up, free
    ):
        """Without a token, nothing would tell whether a write came during the load."""
        fill_up()
        before = since(cache, -2)
        free()

        assert cache.fill(1, APPLE, 60_000, before) == FillOutcome.FAILED
        assert not cache.read(1).found

    def test_fill_of_a_load_started_after_the_invalidation_is_stored(self, cache):
        cache.invalidate(1)
        generation = since(cache, -2).generation

        assert cache.fill(1, APPLE, 1000, Claim(generation, -2)) == FillOutcome.STORED

    def test_generation_differs_after_every_invalidation(self, cache):
        seen = [since(cache, -2).generation]
        for _ in range(3):
            cache.invalidate(1)
            seen.append(since(cache, -2).generation)

        assert len(set(seen)) == 4

    def test_unfenced_fill_is_stored_despite_a_write(self, cache):
        cache.invalidate(1)

        assert cache.fill(1, APPLE, 1000, Claim("*", -2)) == FillOutcome.STORED

    def test_fill_after_a_faster_load_is_redundant_and_changes_nothing(self, cache):
        faster, slow = since(cache, -2), since(cache, -2)
        cache.fill(1, APPLE, 60_000, faster)

        slower = Fruit(1, "older", 1)
        assert cache.fill(1, slower, 60_000, slow) == FillOutcome.REDUNDANT
        assert cache.read(1).fruit == APPLE

    def test_refresh_replaces_the_entry_that_it_saw(self, cache):
        cache.fill(1, APPLE, 5000, since(cache, -2))
        seen = cache.read(1).remaining_ms

        newer = Fruit(1, "newer", 1)
        assert cache.fill(1, newer, 60_000, since(cache, seen)) == FillOutcome.STORED
        assert newer == cache.read(1).fruit

    def test_invalidation_deletes_entries_and_cached_absences(self, cache):
        cache.fill(1, APPLE, 1000, since(cache, -2))
        cache.fill(2, None, 1000, since(cache, -2, fruit_id=2))
        for fruit_id in (1, 2):
            cache.invalidate(fruit_id)

            assert not cache.read(fruit_id).found

    def test_lease_has_one_holder(self, cache):
        first = acquire(cache, "aa")
        second = acquire(cache, "bb")

        assert first.state == LeaseState.ACQUIRED
        assert (second.state, second.text) == (LeaseState.HELD, "aa")

    def test_acquired_lease_comes_with_the_generation(self, cache):
        cache.invalidate(1)

        assert since(cache, -2).generation == acquire(cache, "aa").text

    def test_lease_is_not_granted_when_the_entry_was_filled_meanwhile(self, cache):
        cache.fill(1, APPLE, 60_000, since(cache, -2))

        reply = acquire(cache, "aa")
        assert (reply.state, reply.read.fruit) == (LeaseState.ENTRY, APPLE)

    def test_fill_ends_the_lease(self, cache):
        acquire(cache, "aa")
        cache.fill(1, APPLE, 60_000, since(cache, -2, "aa"))
        cache.invalidate(1)

        assert acquire(cache, "bb").state == LeaseState.ACQUIRED

    def test_fill_does_not_end_the_lease_of_another_holder(self, cache):
        acquire(cache, "aa")
        cache.fill(1, APPLE, 60_000, since(cache, -2, "bb"))

        assert acquire(cache, "cc", seen_ms=10**9).state == LeaseState.HELD

    def test_waiters_get_an_absence_that_is_not_cached(self, cache):
        acquire(cache, "aa")
        assert cache.fill(1, None, 0, since(cache, -2, "aa")) is None

        reply = acquire(cache, "bb", waited_for="aa")
        assert (reply.state, reply.read.found, reply.read.fruit) == (LeaseState.DONE, True, None)

    def test_waiters_get_a_value_that_is_cached_for_one_millisecond(self, cache):
        acquire(cache, "aa")
        cache.fill(1, APPLE, 1, since(cache, 10**9, "aa"))

        reply = acquire(cache, "bb", waited_for="aa", seen_ms=10**9)
        assert (reply.state, reply.read.fruit) == (LeaseState.DONE, APPLE)

    def test_waiters_get_the_failure_of_a_load(self, cache):
        acquire(cache, "aa")
        cache.release_failed(1, since(cache, -2, "aa"))

        assert acquire(cache, "bb", waited_for="aa").state == LeaseState.FAILED

    def test_newcomer_acquires_the_lease_although_a_result_is_there(self, cache):
        acquire(cache, "aa")
        cache.release_failed(1, since(cache, -2, "aa"))

        assert acquire(cache, "bb").state == LeaseState.ACQUIRED

    def test_waiters_get_a_result_although_newcomers_have_taken_over_the_lease(self, cache):
        """Otherwise a steady flow of newcomers would starve the waiters."""
        acquire(cache, "aa")
        cache.fill(1, None, 0, since(cache, -2, "aa"))
        for newcomer in ("bb", "cc"):
            assert acquire(cache, newcomer).state == LeaseState.ACQUIRED

            reply = acquire(cache, "dd", waited_for="aa")
            assert (reply.state, reply.read.found) == (LeaseState.DONE, True)
            assert cache.fill(1, None, 0, since(cache, -2, newcomer)) is None

    def test_waiters_get_a_failure_although_a_newcomer_has_taken_over_the_lease(self, cache):
        acquire(cache, "aa")
        cache.release_failed(1, since(cache, -2, "aa"))
        acquire(cache, "bb")

        assert acquire(cache, "cc", waited_for="aa").state == LeaseState.FAILED

    def test_waiters_for_the_new_holder_do_not_get_the_previous_result(self, cache):
        acquire(cache, "aa")
        cache.fill(1, None, 0, since(cache, -2, "aa"))
        acquire(cache, "bb")

        for waited_for in ("", "bb"):
            reply = acquire(cache, "cc", waited_for=waited_for)
            assert (reply.state, reply.text) == (LeaseState.HELD, "bb")

    def test_waiters_do_not_get_a_result_from_before_an_invalidation(self, cache):
        acquire(cache, "aa")
        cache.fill(1, None, 0, since(cache, -2, "aa"))
        cache.invalidate(1)
        acquire(cache, "bb")

        reply = acquire(cache, "cc", waited_for="aa")
        assert (reply.state, reply.text) == (LeaseState.HELD, "bb")

    def test_waiters_do_not_get_a_value_whose_fill_was_fenced(self, cache):
        """Fencing was turned on during a load that had no generation."""
        acquire(cache, "aa")
        cache.fill(1, APPLE, 1, Claim(OVERTAKEN, -2, "aa"))

        assert acquire(cache, "bb", waited_for="aa").state is LeaseState.ACQUIRED

    def test_lease_that_was_taken_over_ends_like_any_other(self, cache):
        acquire(cache, "aa")
        cache.fill(1, None, 0, since(cache, -2, "aa"))
        acquire(cache, "bb")
        cache.fill(1, APPLE, 60_000, since(cache, -2, "bb"))

        assert acquire(cache, "cc", seen_ms=10**9).state == LeaseState.ACQUIRED
        cache.release_failed(1, since(cache, -2, "cc"))
        acquire(cache, "dd", seen_ms=10**9)
        cache.release_failed(1, since(cache, -2, "dd"))
        reply = acquire(cache, "ee", waited_for="dd", seen_ms=10**9)
        assert reply.state == LeaseState.FAILED

    def test_refresh_gets_no_lease_shortly_after_a_failed_one(self, cache):
        acquire(cache, "aa", refresh=True)
        cache.release_failed(1, since(cache, -2, "aa"))

        assert acquire(cache, "bb", refresh=True).state == LeaseState.HELD

    def test_failed_load_does_not_end_the_lease_of_another_holder(self, cache):
        acquire(cache, "aa")
        cache.release_failed(1, since(cache, -2, "bb"))

        assert acquire(cache, "cc").state == LeaseState.HELD

    def test_invalidation_ends_the_lease(self, cache):
        acquire(cache, "aa")
        cache.invalidate(1)

        assert acquire(cache, "bb").state == LeaseState.ACQUIRED

    def test_fill_that_a_full_cache_refuses_ends_the_lease(self, cache, fill_up):
        acquire(cache, "aa")
        fill_up()

        assert cache.fill(1, APPLE, 60_000, since(cache, -2, "aa")) == FillOutcome.FAILED
        waited = acquire(cache, "bb", waited_for="aa")
        assert (waited.state, waited.read.fruit) == (LeaseState.DONE, APPLE)
        assert not cache.read(1).found

    def test_full_cache_grants_no_lease(self, cache, fill_up):
        fill_up()

        assert acquire(cache, "aa").state == LeaseState.REFUSED

    def test_failed_load_ends_its_lease_in_a_full_cache_too(self, cache, fill_up):
        acquire(cache, "aa")
        fill_up()
        cache.release_failed(1, since(cache, -2, "aa"))

        assert acquire(cache, "bb", waited_for="aa").state == LeaseState.FAILED

    def test_full_cache_accepts_invalidations_and_fences_older_loads(self, cache, fill_up):
        cache.fill(1, APPLE, 60_000, since(cache, -2))
        before = since(cache, -2).generation
        fill_up()
        cache.invalidate(1)

        assert not cache.read(1).found
        assert cache.fill(1, APPLE, 1000, Claim(before, -2)) == FillOutcome.FENCED

    def test_full_cache_refuses_a_change_of_the_shared_knobs(self, cache, fill_up):
        fill_up()
        with pytest.raises(CacheUnavailableError):
            cache.share_knobs(1, '{"version": 1}', 0)

        assert cache.share_knobs(0, "", None) == b""

    def test_cache_is_empty_until_it_holds_a_key(self, cache):
        before = cache.is_empty()
        cache.fill(1, APPLE, 60_000, since(cache, -2))

        assert (before, cache.is_empty()) == (True, False)

    def test_reading_the_shared_knobs_before_any_change_stores_nothing(self, cache):
        assert cache.share_knobs(0, '{"version": 0}', None) == b""

    def test_changed_knobs_are_returned_to_other_processes(self, cache):
        document = '{"version": 1}'
        cache.share_knobs(1, document, 0)

        assert document.encode() == cache.share_knobs(0, '{"version": 0}', None)

    def test_change_based_on_an_older_version_is_refused(self, cache):
        cache.share_knobs(5, '{"version": 5}', 4)

        assert cache.share_knobs(6, '{"version": 6}', 3) == b'{"version": 5}'

    def test_shared_knobs_that_the_cache_lost_are_stored_again(self, cache):
        assert cache.share_knobs(3, '{"version": 3}', None) == b'{"version": 3}'

    @pytest.mark.parametrize(
        "document",
        [
            b"nonsense",
            b"{}",
            b'{"version": 1e999}',
            b'{"version": 9007199254740992}',
            b'{"version": 9007199254740991}',
            b'{"version": 4503599627370496}',
            b'{"version": 7.5}',
            b'{"version": -7}',
            b'{"version": "7"}',
            b'{"version": true}',
        ],
    )
    def test_unreadable_shared_knobs_are_replaced_by_any_version(self, cache, put, document):
        put("cacheaside:settings", document, 60_000)

        assert cache.share_knobs(1, '{"version": 1}', None) == b'{"version": 1}'

    def test_clear_deletes_entries_and_leases_and_nothing_else(self, cache, put, cache_keys):
        cache.fill(1, APPLE, 60_000, since(cache, -2))
        acquire(cache, "aa", fruit_id=2)
        cache.share_knobs(1, '{"version": 1}', 0)
        foreign = ("fruits", "fruit:basket", "fruit:01", "{fruit:x}:lease", "{fruit:1}:lease:old")
        for key in foreign:
            put(key, b"foreign", 60_000)

        assert cache.clear() == 2
        kept = {*foreign, "cacheaside:settings", "{fruit:2}:gen"}
        assert kept == set(cache_keys())
        assert not cache.read(1).found
        assert cache.share_knobs(0, "", None) == b'{"version": 1}'

    def test_clear_keeps_a_generation_that_may_still_fence_a_load(self, cache):
        before = since(cache, -2).generation
        cache.invalidate(1)
        cache.clear()

        assert cache.fill(1, APPLE, 1000, Claim(before, -2)) == FillOutcome.FENCED


def since(cache, seen_ms, lease="", *, fruit_id=1):
    """Return the claim of a load that starts now."""
    generation, _ = cache.generation(fruit_id, None)
    return Claim(generation, seen_ms, lease)


def acquire(cache, token, *, fruit_id=1, waited_for="", refresh=False, seen_ms=-2):
    claim = Claim("", seen_ms, token)
    return cache.acquire(fruit_id, claim, 2000, waited_for=waited_for, refresh=refresh)

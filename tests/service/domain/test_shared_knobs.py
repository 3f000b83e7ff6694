"""How a change of knobs reaches the other processes, by way of the cache."""

import json
from contextlib import suppress

import pytest

from service.domain.cache import CacheUnavailableError
from service.domain.knobs import KnobError
from service.domain.shared_knobs import SharedKnobs
from tests.service.parts import Parts


@pytest.fixture
def two():
    first = Parts()
    second = Parts(clock=first.clock, cache=first.cache)
    for parts in (first, second):
        parts.shared_knobs = SharedKnobs(parts.cache, parts.knobs)
    return first, second


def test_nothing_is_shared_before_the_first_change(two):
    for parts in two:
        parts.shared_knobs.sync()

    assert two[0].cache.keys() == []


def test_near_tier_is_refused_where_there_can_be_none(two):
    cluster = SharedKnobs(two[0].cache, two[0].knobs, has_near=False)

    with pytest.raises(KnobError, match=r"near_seconds must be 0 on a Redis Cluster.*got 5"):
        cluster.change({"near_seconds": 5, "ttl_seconds": 7})

    assert two[0].knobs.current.ttl_seconds == 60
    assert cluster.change({"near_seconds": 0, "ttl_seconds": 7}) is None


def test_change_is_adopted_at_the_next_sync(two):
    first, second = two
    first.shared_knobs.change({"ttl_seconds": 7})
    second.shared_knobs.sync()

    assert (second.knobs.current.ttl_seconds, second.knobs.version) == (7.0, 1)


def test_changes_of_two_processes_are_combined(two):
    first, second = two
    first.shared_knobs.change({"ttl_seconds": 7})
    second.shared_knobs.change({"protection": "lease"})
    first.shared_knobs.sync()

    for parts in two:
        assert (
            parts.knobs.current.ttl_seconds,
            str(parts.knobs.current.protection),
            parts.knobs.version,
        ) == (7.0, "lease", 2)


def test_invalid_change_changes_nothing_in_any_process(two):
    first, second = two
    with pytest.raises(KnobError):
        first.shared_knobs.change({"ttl_seconds": 7, "early_beta": 100})
    second.shared_knobs.sync()

    assert {60.0} == {parts.knobs.current.ttl_seconds for parts in two}
    assert first.cache.keys() == []


def test_change_without_redis_applies_here_and_is_shared_later(two):
    first, second = two
    first.cache.down = True
    unshared = first.shared_knobs.change({"ttl_seconds": 7})
    assert (first.knobs.current.ttl_seconds, unshared) == (7, "the fake cache is down")
    first.cache.down = False
    second.shared_knobs.sync()
    assert second.knobs.current.ttl_seconds == 60

    first.shared_knobs.sync()
    second.shared_knobs.sync()
    assert second.knobs.current.ttl_seconds == 7


def test_knobs_that_redis_lost_are_stored_again(two):
    first, second = two
    first.shared_knobs.change({"ttl_seconds": 7})
    first.cache._keys.clear()
    first.shared_knobs.sync()
    second.shared_knobs.sync()

    assert second.knobs.current.ttl_seconds == 7


def test_highest_version_wins_whichever_process_it_comes_from(two):
    first, second = two
    first.cache.down = True
    for ttl in (1, 2, 3):
        first.shared_knobs.change({"ttl_seconds": ttl})
    second.shared_knobs.change({"ttl_seconds": 9})
    first.cache.down = False
    for parts in (second, first, second):
        parts.shared_knobs.sync()

    assert {3.0} == {parts.knobs.current.ttl_seconds for parts in two}


def test_shared_knobs_stay_as_long_as_a_process_syncs(two):
    first, second = two
    first.shared_knobs.change({"ttl_seconds": 7})
    for _ in range(30):
        first.clock.advance(5)
        second.shared_knobs.sync()
    assert first.cache.keys() == ["cacheaside:settings"]

    first.clock.advance(10)
    assert first.cache.keys() == []


@pytest.mark.parametrize(
    "document",
    [
        b"nonsense",
        b"[]",
        b'{"version": 9}',
        b'{"version": 9, "ages_known_at": 0, "settings": {"ttl_seconds": "x"}}',
        b'{"version": 9, "ages_known_at": 0, "settings": 5}',
        b'{"version": null, "ages_known_at": 0, "settings": {}}',
        b'{"version": 1e999, "ages_known_at": 0, "settings": {}}',
        b'{"version": 9007199254740992, "ages_known_at": 0, "settings": {}}',
        b'{"version": 9007199254740991, "ages_known_at": 0, "settings": {}}',
        b'{"version": 4503599627370496, "ages_known_at": 0, "settings": {}}',
        b'{"version": 7.5, "ages_known_at": 0, "settings": {}}',
        b'{"version": true, "ages_known_at": 0, "settings": {}}',
        b'{"version": 9, "ages_known_at": 1e999, "settings": {}}',
        b'{"version": 9, "ages_known_at": 1' + b"0" * 400 + b', "settings": {}}',
    ],
)
def test_unreadable_knobs_are_ignored_and_replaced_by_a_change(two, document):
    first, _ = two
    first.cache.put("cacheaside:settings", document, 10_000)
    first.shared_knobs.sync()

    assert (first.knobs.current.ttl_seconds, first.knobs.version) == (60.0, 0)
    first.shared_knobs.change({"ttl_seconds": 7})
    assert b'"ttl_seconds": 7' in first.cache.share_knobs(0, "", None)


@pytest.mark.parametrize("version", [2**53 - 1, 2**53 - 2, 2**52, 2**52 - 1, 2**52 - 2])
def test_document_of_the_highest_version_never_splits_the_processes(two, version):
    document = {"version": version, "ages_known_at": 0, "settings": {"ttl_seconds": 5}}
    two[0].cache.put("cacheaside:settings", json.dumps(document).encode(), 10_000)
    for ttl in (7, 8, 9):
        for parts in two:
            parts.shared_knobs.sync()
        with suppress(CacheUnavailableError):
            two[ttl % 2].shared_knobs.change({"ttl_seconds": ttl})
        for parts in two:
            parts.shared_knobs.sync()

        assert len({(parts.knobs.version, parts.knobs.current) for parts in two}) == 1


def test_change_beyond_the_last_version_is_refused_with_the_way_out(two):
    first, _ = two
    first.knobs.turn(first.knobs.current, 2**52 - 1, 0.0)
    with pytest.raises(CacheUnavailableError, match="end every process"):
        first.shared_knobs.change({"ttl_seconds": 7})

    assert first.knobs.current.ttl_seconds == 60


def test_change_gives_up_when_other_processes_are_always_faster(two):
    first, _ = two
    share = first.cache.share_knobs

    def share_after_another(version, document, based_on):
        if based_on is not None:
            newer = {**json.loads(document), "version": version + 1}
            first.cache.put("cacheaside:settings", json.dumps(newer).encode(), 10_000)
        return share(version, document, based_on)

    first.cache.share_knobs = share_after_another
    with pytest.raises(CacheUnavailableError, match="others change"):
        first.shared_knobs.change({"ttl_seconds": 7})


def test_adopted_change_includes_the_time_from_which_ages_are_known(two):
    first, second = two
    first.shared_knobs.change({"ttl_seconds": 7})
    second.shared_knobs.sync()

    assert first.knobs.ages_known_at == second.knobs.ages_known_at == first.clock() + 61


def test_ages_are_known_at_once_when_the_first_process_finds_an_empty_cache(two):
    first, _ = two
    first.shared_knobs.sync()
    first.look_up()
    first.clock.advance(2)
    first.shared_knobs.sync()

    assert first.look_up().age_seconds == 2


def test_ages_of_entries_found_at_the_start_are_hidden(two):
    """They may come from processes with another TTL, whose knobs Redis has lost."""
    first, second = two
    second.set_knobs(ttl_seconds=10)
    second.look_up()
    first.shared_knobs.sync()
    found = first.look_up().age_seconds
    first.clock.advance(60)
    first.look_up()

    assert (found, first.look_up().age_seconds) == (None, 0)


def test_ages_stay_known_to_a_later_process_that_adopts_shared_knobs(two):
    first, second = two
    first.shared_knobs.change({"fencing": "off"})
    first.look_up()
    second.shared_knobs.sync()

    assert second.look_up().age_seconds == 0


def test_no_reader_sees_new_knobs_with_ages_of_the_old_ones(two):
    parts = two[0]
    seen = []

    class Watched(type(parts.knobs)):
        def __setattr__(self, name, value):
            super().__setattr__(name, value)
            seen.append((self.current.ttl_seconds, self.clock() >= self.ages_known_at))

    parts.knobs.__class__ = Watched
    parts.set_knobs(ttl_seconds=7)

    assert (7, True) not in seen
    assert seen[-1] == (7, False)

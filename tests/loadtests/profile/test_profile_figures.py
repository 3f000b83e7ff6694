"""Profiles against replays written out plainly, and against a log worked out by hand."""

from collections import Counter, OrderedDict

import numpy as np
import pytest

from loadtests.profile.bounded_memory import replay_bounded
from loadtests.profile.profile_figures import Bounds, profile_of, usual_ttls
from loadtests.profile.stale_hits import replay_ttl_alone
from loadtests.profile.ttl_replay import replay_ttl
from loadtests.request_logs.request_log import RequestLog


def _log(times, keys, changes=None, sizes=None, classes=None):
    count = max(keys) + 1
    columns = {
        "times": np.array(times, dtype=np.float64),
        "keys": np.array(keys, dtype=np.int32),
        "changes": np.array(changes or [False] * len(keys)),
        "sizes": np.array(sizes or [0] * len(keys), dtype=np.int64),
    }
    names = sorted(set(classes)) if classes else [""]
    key_classes = [names.index(name) for name in classes] if classes else [0] * count
    return RequestLog(columns, np.array(key_classes, dtype=np.int16), names, Counter())


def _random_log(seed, count=4000, keys=60, change_share=0.1):
    rng = np.random.default_rng(seed)
    chosen = np.minimum(rng.zipf(1.3, count) - 1, keys - 1).tolist()
    times = (np.cumsum(rng.exponential(0.05, count))).tolist()
    return _log(
        [time - times[0] for time in times],
        [*chosen[:-1], keys - 1],
        (rng.random(count) < change_share).tolist(),
        [10 + key for key in [*chosen[:-1], keys - 1]],
    )


def _rows(log):
    return zip(log.times.tolist(), log.keys.tolist(), log.changes.tolist(), strict=True)


def _plain_replay(log, ttl):
    entries, seen, hits, reasons, ages, lives = {}, {}, 0, Counter(), 0.0, []
    for now, key, change in _rows(log):
        filled = entries.get(key)
        if filled is not None and now >= filled + ttl:
            lives.append((filled, filled + ttl))
            del entries[key]
            filled, seen[key] = None, "expired"
        if change:
            if filled is not None:
                lives.append((filled, now))
                del entries[key]
                seen[key] = "written"
        elif filled is not None:
            hits += 1
            ages += now - filled
        else:
            reasons[seen.get(key, "first")] += 1
            entries[key] = now
    lives += [(filled, filled + ttl) for filled in entries.values()]
    return hits, reasons, ages, lives


@pytest.mark.parametrize("ttl", [0.2, 1.0, 10.0, 1000.0])
@pytest.mark.parametrize("change_share", [0.0, 0.1])
def test_replay_agrees_with_one_written_out_plainly(ttl, change_share):
    log = _random_log(1, change_share=change_share)
    hits, reasons, ages, lives = _plain_replay(log, ttl)

    replayed = replay_ttl(log, ttl)

    assert replayed.hits == hits
    assert replayed.misses_first == reasons["first"]
    assert replayed.misses_expired == reasons["expired"]
    assert replayed.misses_written == reasons["written"]
    assert replayed.age_sum == pytest.approx(ages)
    end = log.times[-1]
    mean = sum(min(stop, end) - start for start, stop in lives) / end
    assert replayed.live_mean == pytest.approx(mean)
    peak = max(sum(start <= at < stop for start, stop in lives) for at, _ in lives)
    assert replayed.live_peak == peak


def test_bytes_are_those_of_the_live_entries():
    log = _log([0.0, 1.0, 2.0, 3.0], [0, 1, 0, 1], sizes=[10, 30, 50, 30])

    replayed = replay_ttl(log, 2.0)

    assert replayed.bytes_peak == 80  # From 2 to 3: the second value of 0, and 1.
    assert replayed.bytes_mean == pytest.approx((10 * 2 + 30 * 2 + 50 * 1 + 30 * 0) / 3)


@pytest.mark.parametrize("ttl", [0.3, 2.0, 50.0])
def test_stale_hits_agree_with_a_replay_written_out_plainly(ttl):
    log = _random_log(2)
    entries, changed, stale, waits, hits, visible = {}, {}, 0, [], 0, 0
    for now, key, change in _rows(log):
        alive = key in entries and now < entries[key] + ttl
        if change:
            visible += not alive or entries[key] + ttl - now <= 0.25
            if alive:
                changed.setdefault(key, now)
        elif alive:
            hits += 1
            if key in changed:
                stale += 1
                waits.append(now - changed[key])
        else:
            entries[key] = now
            changed.pop(key, None)

    seen = replay_ttl_alone(log, ttl, 0.25)

    assert (seen.hits, seen.stale, seen.visible_within) == (hits, stale, visible)
    assert seen.staleness_sum == pytest.approx(sum(waits))
    assert seen.staleness_worst == pytest.approx(max(waits))


def _plain_lru(log, ttl, items, size_bytes):
    entries, evicted, hits, evictions, misses = OrderedDict(), set(), 0, 0, 0
    for (now, key, change), size in zip(_rows(log), log.sizes.tolist(), strict=True):
        for old in [old for old, (end, _) in entries.items() if end <= now]:
            del entries[old]
        if change:
            entries.pop(key, None)
            evicted.discard(key)
            continue
        if key in entries:
            hits += 1
            entries.move_to_end(key)
            continue
        misses += key in evicted
        evicted.discard(key)
        entries[key] = (now + ttl, size)
        while len(entries) > items or sum(size for _, size in entries.values()) > size_bytes:
            evicted.add(entries.popitem(last=False)[0])
            evictions += 1
    return hits, evictions, misses


@pytest.mark.parametrize(("items", "size_bytes"), [(5, None), (20, None), (None, 300)])
def test_bounded_memory_agrees_with_an_lru_written_out_plainly(items, size_bytes):
    log = _random_log(3)

    replayed = replay_bounded(log, 4.0, items, size_bytes)

    assert replayed == _plain_lru(log, 4.0, items or 10**9, size_bytes or 10**9)


def test_memory_that_is_never_full_changes_nothing():
    log = _random_log(4)

    assert replay_bounded(log, 4.0, 60, None).hits == replay_ttl(log, 4.0).hits


def test_profile_of_a_log_worked_out_by_hand():
    log = _log(
        [0.0, 1.0, 2.0, 3.0, 4.0],
        [0, 0, 1, 0, 0],
        [False, False, False, True, False],
        classes=["a", "b"],
    )

    profile = profile_of(log, (2.0, 0.5), Bounds(items=1, visible_seconds=0.0))

    assert (profile.requests, profile.reads, profile.changes, profile.keys) == (5, 4, 1, 2)
    assert profile.rate == 1.25
    assert profile.ceiling == 0.25  # Two first reads, and one first since the change.
    short, long = profile.curve
    assert (short.ttl_seconds, long.ttl_seconds) == (0.5, 2.0)
    assert (short.hit_ratio, long.hit_ratio) == (0.0, 0.25)
    assert long.store_reads_per_second == 0.75
    # The entry of 0 had expired at 2, before the change at 3.
    assert (long.misses.first, long.misses.expired, long.misses.written) == (2, 1, 0)
    assert (long.live_entries_peak, long.age_mean_seconds) == (1, 1.0)
    assert long.bounded.hit_ratio == 0.25
    assert long.ttl_alone.visible_ratio == 1.0
    assert [(part.name, part.keys, part.reads) for part in profile.classes] == [
        ("a", 1, 3),
        ("b", 1, 1),
    ]
    assert [point.hit_ratio for point in profile.classes[0].curve] == [0.0, pytest.approx(1 / 3)]
    assert profile.deciles == []


def test_deciles_hold_a_tenth_of_the_keys_each_the_most_popular_first():
    profile = profile_of(_random_log(5, change_share=0.0), (1.0,), Bounds())

    assert [part.name for part in profile.deciles] == [str(i) for i in range(1, 11)]
    assert sum(part.reads for part in profile.deciles) == profile.reads
    assert profile.deciles[0].reads > profile.deciles[9].reads
    assert {part.keys for part in profile.deciles} <= {5, 6}


def test_usual_ttls_end_with_the_first_that_outlives_the_log():
    assert usual_ttls(12.0) == (1.0, 2.0, 5.0, 10.0, 15.0)

"""The profile of a log: what each TTL does to its requests, as a whole, by class and by decile."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadtests.profile.bounded_memory import replay_bounded
from loadtests.profile.curve import (
    Bounded,
    CurvePoint,
    Misses,
    Part,
    PartPoint,
    Profile,
    TtlAlone,
)
from loadtests.profile.scale import Scale
from loadtests.profile.stale_hits import replay_ttl_alone
from loadtests.profile.ttl_replay import TtlReplay, replay_ttl
from loadtests.request_logs.request_log import RequestLog

USUAL_TTLS = (
    *(1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0),
    *(3600.0, 7200.0, 14_400.0, 43_200.0, 86_400.0, 259_200.0, 604_800.0),
)
DECILES = 10
_CORES = 2  # Each replay holds 40 bytes a key and 8 a request.


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the cache may hold, and how soon a change should be visible.

    Attributes:
        items: Most entries; None is unbounded.
        size_bytes: Most bytes of values; None is unbounded.
        visible_seconds: B, within which a change should be visible without invalidation.
    """

    items: int | None = None
    size_bytes: int | None = None
    visible_seconds: float = 1.0


def usual_ttls(span_seconds: float) -> tuple[float, ...]:
    """Return the usual TTLs up to the first that outlives the log."""
    count = sum(ttl < span_seconds for ttl in USUAL_TTLS) + 1
    return USUAL_TTLS[:count]


def profile_of(
    log: RequestLog,
    ttls: Sequence[float],
    bounds: Bounds,
    on_point: Callable[[int], None] = lambda _count: None,
) -> Profile:
    """Replay *log* under each TTL.

    Args:
        log: At least two requests, one of them a read, not all at the same time.
        ttls: Seconds, any order.
        bounds: Memory bound and staleness bound.
        on_point: Called with the number of TTLs that are done since.
    """
    ordered = sorted(ttls)
    reads_by_key = np.bincount(log.keys[~log.changes], minlength=log.key_count)
    reads = int(reads_by_key.sum())
    changes = int(log.keys.size) - reads
    scale = Scale.of(log, reads)

    def replay(ttl: float) -> tuple[NDArray[np.int64], CurvePoint]:
        replayed = replay_ttl(log, ttl)
        point = _point(log, ttl, replayed, bounds, scale)
        on_point(1)
        return replayed.hits_by_key, point

    with ThreadPoolExecutor(_CORES) as pool:
        endless = pool.submit(replay_ttl, log, np.inf)
        replays = list(pool.map(replay, ordered))
    endless_hits = endless.result().hits_by_key
    hits = {ttl: each for ttl, (each, _) in zip(ordered, replays, strict=True)}
    hits[np.inf] = endless_hits
    return Profile(
        requests=int(log.keys.size),
        reads=reads,
        changes=changes,
        keys=log.key_count,
        span_seconds=log.span_seconds,
        rate=(scale.reads + scale.whole(changes)) / log.span_seconds,
        ceiling=scale.ratio(reads - int(endless_hits.sum())),
        curve=[point for _, point in replays],
        classes=sorted(
            _parts(log.key_classes, log.class_names, reads_by_key, hits, log.span_seconds),
            key=lambda part: -part.reads,
        ),
        deciles=_deciles(reads_by_key, hits, log.span_seconds),
        sample=log.sample._asdict() if log.sample else None,
    )


def _point(
    log: RequestLog, ttl: float, replayed: TtlReplay, bounds: Bounds, scale: Scale
) -> CurvePoint:
    misses = Misses(replayed.misses_first, replayed.misses_expired, replayed.misses_written)
    hits, missed = replayed.hits, misses.first + misses.expired + misses.written
    changed = hits + missed < log.keys.size
    sized = replayed.bytes_peak > 0
    return CurvePoint(
        ttl_seconds=ttl,
        hit_ratio=scale.ratio(missed),
        offload_ratio=scale.ratio(missed),
        store_reads_per_second=scale.whole(missed) / log.span_seconds,
        misses=misses,
        live_entries_mean=scale.whole(replayed.live_mean),
        live_entries_peak=round(scale.whole(replayed.live_peak)),
        live_bytes_mean=scale.whole(replayed.bytes_mean) if sized else None,
        live_bytes_peak=round(scale.whole(replayed.bytes_peak)) if sized else None,
        age_mean_seconds=replayed.age_sum / hits if hits else None,
        ttl_alone=_ttl_alone(log, ttl, hits + missed, bounds, scale) if changed else None,
        bounded=_bounded(log, ttl, hits + missed, bounds, scale),
        hit_ratio_error=scale.error(replayed.misses_by_key) if log.sample else None,
    )


def _ttl_alone(log: RequestLog, ttl: float, reads: int, bounds: Bounds, scale: Scale) -> TtlAlone:
    seen = replay_ttl_alone(log, ttl, bounds.visible_seconds)
    return TtlAlone(
        hit_ratio=scale.ratio(reads - seen.hits),
        stale_ratio=seen.stale / seen.hits if seen.hits else None,
        staleness_mean_seconds=seen.staleness_sum / seen.stale if seen.stale else None,
        staleness_worst_seconds=seen.staleness_worst,
        visible_ratio=seen.visible_within / seen.changes,
    )


def _bounded(
    log: RequestLog, ttl: float, reads: int, bounds: Bounds, scale: Scale
) -> Bounded | None:
    if bounds.items is None and bounds.size_bytes is None:
        return None
    items, size_bytes = map(scale.part, (bounds.items, bounds.size_bytes))
    replayed = replay_bounded(log, ttl, items, size_bytes)
    missed = reads - replayed.hits
    return Bounded(scale.ratio(missed), replayed.evictions, replayed.misses_evicted)


def _deciles(
    reads_by_key: NDArray[np.int64], hits: dict[float, NDArray[np.int64]], span: float
) -> list[Part]:
    """Return the tenths of the keys that were read; none for fewer than ten keys."""
    read = int(np.count_nonzero(reads_by_key))
    if read < DECILES:
        return []
    tenth = np.full(reads_by_key.size, DECILES, dtype=np.int16)  # Past the last: never read.
    order = np.argsort(-reads_by_key, kind="stable")[:read]
    tenth[order] = np.arange(read) * DECILES // read
    names = [str(decile) for decile in range(1, DECILES + 1)]
    return _parts(tenth, [*names, ""], reads_by_key, hits, span)[:DECILES]


def _parts(
    part_of_key: NDArray[np.int16],
    names: Sequence[str],
    reads_by_key: NDArray[np.int64],
    hits: dict[float, NDArray[np.int64]],
    span: float,
) -> list[Part]:
    """Return the parts that were read; none if there is but one."""
    count = len(names)
    if count < 2:
        return []
    reads = np.bincount(part_of_key, reads_by_key, count)
    keys = np.bincount(part_of_key, reads_by_key > 0, count)
    by_ttl = {ttl: np.bincount(part_of_key, each, count) for ttl, each in hits.items()}
    return [
        Part(
            name=names[i] or "(none)",
            keys=int(keys[i]),
            reads=int(reads[i]),
            ceiling=float(by_ttl[np.inf][i] / reads[i]),
            curve=[
                PartPoint(ttl, float(each[i] / reads[i]), float((reads[i] - each[i]) / span))
                for ttl, each in by_ttl.items()
                if np.isfinite(ttl)
            ],
        )
        for i in range(count)
        if reads[i]
    ]

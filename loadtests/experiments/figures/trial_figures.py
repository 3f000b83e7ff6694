"""Works out the figures of one trial from its record and samples."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from loadtests.experiments.figures.doubt import Doubt
from loadtests.experiments.figures.doubts import doubts_of
from loadtests.experiments.figures.intervals import Interval, batch_interval
from loadtests.experiments.figures.percentiles import Percentiles, percentiles_of
from loadtests.experiments.figures.residual import residual_of
from loadtests.experiments.figures.staleness_figures import StaleReads, stale_reads_of
from loadtests.experiments.figures.time_series import TimeSeries, time_series
from loadtests.experiments.figures.window_loads import WindowLoads, loads_in_window
from loadtests.experiments.records.counting import SERVICE
from loadtests.experiments.records.records import TrialRecord
from loadtests.experiments.records.samples_file import Samples
from loadtests.service_under_test.contract import (
    SERVICE_RESULTS,
    UNKNOWN_RESULT,
    Knob,
    count_cache_lookups,
    count_hits,
    hit_ratio,
    near_ratio,
    offload_ratio,
)
from loadtests.service_under_test.counters import ServiceCounters, loads

_PLURALS = {"hit": "hits", "miss": "misses"}


@dataclass(frozen=True, slots=True)
class TrialFigures:
    """The figures of one trial; None means unknown.

    Attributes:
        number: The trial's number.
        ttl_seconds: Its TTL.
        repetition: From 1.
        of_trace: Whether a trace was measured whole, rather than a window.
        hit_ratio: None also if no lookup asked the cache.
        hit_ratio_low: Lower end of the 95 % interval by batch means; None for a trace, which is
            one sequence.
        hit_ratio_high: Upper end likewise.
        hit_ratio_error: Standard error likewise.
        batches: How many batches the interval is made from; 0 without one.
        predicted_hit_ratio: From the formula, before the trial.
        replayed_hit_ratio: From the replay of its very arrivals, before the trial.
        residual: Measured less replayed hit ratio.
        offload_ratio: None also if no lookup asked the cache.
        predicted_offload_ratio: From the prediction before the trial.
        lookups: Lookups within the window; None if the trial was aborted before any was counted.
        results: The same by result.
        percentiles: By "all response", "hit response", "miss service" and so on.
        store_queries_per_second: Loads of the store.
        predicted_store_queries_per_second: From the prediction before the trial.
        target_rate: Lookups per second that were asked for.
        achieved_rate: Lookups per second that were counted.
        window_seconds: Measured length of the window.
        fill_seconds: From the probe before the trial.
        window_loads: The loads within the window, to compare with the probe.
        counted_by: Who counted the lookups: the service, or of a target the client or Redis.
        doubts: Reasons not to trust the trial.
        series: How it went over time; None without samples.
        near_ratio: Share of lookups that a near tier answered; None also without a near tier.
        predicted_near_ratio: From the formula, before the trial.
        replayed_near_ratio: From the replay, before the trial.
        cache_reads_per_second: Lookups that asked Redis.
        predicted_cache_reads_per_second: From the formula, before the trial.
        values: One value of each axis of the plan, by its name.
        stale_reads: How stale its reads were; None without writes.
    """

    number: int
    ttl_seconds: float
    repetition: int
    of_trace: bool
    hit_ratio: float | None
    hit_ratio_low: float | None
    hit_ratio_high: float | None
    hit_ratio_error: float | None
    batches: int
    predicted_hit_ratio: float | None
    replayed_hit_ratio: float | None
    residual: float | None
    offload_ratio: float | None
    predicted_offload_ratio: float | None
    lookups: int | None
    results: Mapping[str, int] | None
    percentiles: Mapping[str, Percentiles]
    store_queries_per_second: float | None
    predicted_store_queries_per_second: float | None
    target_rate: float | None
    achieved_rate: float | None
    window_seconds: float | None
    fill_seconds: float | None
    window_loads: WindowLoads
    counted_by: str = SERVICE
    doubts: list[Doubt] = field(default_factory=list)
    series: TimeSeries | None = None
    near_ratio: float | None = None
    predicted_near_ratio: float | None = None
    replayed_near_ratio: float | None = None
    cache_reads_per_second: float | None = None
    predicted_cache_reads_per_second: float | None = None
    values: Mapping[str, Knob] = field(default_factory=dict)
    stale_reads: StaleReads | None = None

    @property
    def trusted(self) -> bool:
        """Whether conclusions may be drawn from the trial."""
        return not any(doubt.scope == "trial" for doubt in self.doubts)

    @property
    def times_trusted(self) -> bool:
        """Whether conclusions may be drawn from its latencies."""
        return not any(doubt.scope in ("trial", "latency") for doubt in self.doubts)


def figures_of(record: TrialRecord, samples: Samples) -> TrialFigures:
    """Work out the figures and doubts of one trial.

    Args:
        record: The trial.
        samples: Its samples, `intended` in seconds after the first arrival.
    """
    counted = counted_in_window(record)
    seconds = _window_seconds(record, samples)
    results = None if counted is None else _results(counted)
    lookups = results or {}
    ratio = hit_ratio(lookups)
    interval = _interval(record, ratio)
    prediction = record.prediction
    total = None if results is None else sum(results.values())
    queries = loads(counted.store_queries) if counted and counted.store_queries else None
    percentiles = percentiles_of(in_window(record, samples))
    return TrialFigures(
        number=record.trial.number,
        ttl_seconds=record.trial.ttl_seconds,
        repetition=record.trial.repetition,
        of_trace=record.window is None,
        hit_ratio=ratio,
        hit_ratio_low=interval.low if interval else None,
        hit_ratio_high=interval.high if interval else None,
        hit_ratio_error=interval.standard_error if interval else None,
        batches=len(record.readings) - 1 if interval else 0,
        predicted_hit_ratio=prediction.hit_ratio if prediction else None,
        replayed_hit_ratio=record.replay.hit_ratio if record.replay else None,
        residual=residual_of(record, lookups),
        offload_ratio=offload_ratio(lookups),
        predicted_offload_ratio=prediction.offload_ratio if prediction else None,
        lookups=total,
        results=results,
        percentiles=percentiles,
        store_queries_per_second=_per_second(queries, seconds),
        predicted_store_queries_per_second=prediction.loads_per_second if prediction else None,
        target_rate=record.lookups_per_second or (record.load or {}).get("target_rate"),
        achieved_rate=_per_second(total, seconds),
        window_seconds=seconds,
        fill_seconds=prediction.fill_seconds if prediction else None,
        window_loads=loads_in_window(record),
        counted_by=record.counted_by,
        doubts=doubts_of(record, lookups, seconds, _too_few(percentiles, lookups)),
        series=time_series(samples, record.window),
        **_near_figures(record, counted, seconds),
        values=record.trial.values,
        stale_reads=stale_reads_of(record),
    )


def _near_figures(
    record: TrialRecord, counted: ServiceCounters | None, seconds: float | None
) -> dict[str, float | None]:
    """Return what a trial with a near tier has besides; nothing without one."""
    if counted is None or not record.knobs.get("near_seconds"):
        return {}
    prediction, replay = record.prediction, record.replay
    return {
        "near_ratio": near_ratio(counted.lookups),
        "predicted_near_ratio": prediction.near_ratio if prediction else None,
        "replayed_near_ratio": replay.near_ratio if replay else None,
        "cache_reads_per_second": _per_second(counted.cache_ops.get("read"), seconds),
        "predicted_cache_reads_per_second": prediction.cache_reads_per_second
        if prediction
        else None,
    }


def counted_in_window(record: TrialRecord) -> ServiceCounters | None:
    """Return what the service counted within the window; None if it was not read twice."""
    if len(record.readings) < 2:
        return None
    return record.readings[-1].counters.since(record.readings[0].counters)


def _results(counted: ServiceCounters) -> dict[str, int]:
    results = {word: counted.lookups.get(word, 0) for word in SERVICE_RESULTS}
    unknown = counted.lookups.get(UNKNOWN_RESULT, 0)  # Only a target's answers can be.
    return results | ({UNKNOWN_RESULT: unknown} if unknown else {})


def _window_seconds(record: TrialRecord, samples: Samples) -> float | None:
    """Return the window's length; None if it is unknown, or the clock was set back within it.

    A trace is measured from its first arrival to its last answer.
    """
    if len(record.readings) < 2:
        return None
    if record.window is None and len(samples):
        return float(np.nanmax(samples["intended"] + samples["response"]))
    seconds = record.readings[-1].at - record.readings[0].at
    return seconds if seconds > 0 else None


def _per_second(count: int | None, seconds: float | None) -> float | None:
    return None if count is None or not seconds else count / seconds


def _interval(record: TrialRecord, ratio: float | None) -> Interval | None:
    if record.window is None or ratio is None:
        return None
    batches = [
        later.counters.since(earlier.counters).lookups
        for earlier, later in zip(record.readings, record.readings[1:], strict=False)
    ]
    return batch_interval(
        ratio, list(map(count_hits, batches)), list(map(count_cache_lookups, batches))
    )


def in_window(record: TrialRecord, samples: Samples) -> Samples:
    """Return the samples whose intended start lies in the window; of a trace all."""
    if record.window is None:
        return samples
    intended = samples["intended"]
    return samples[(intended >= record.window.opens) & (intended < record.window.closes)]


def _too_few(percentiles: Mapping[str, Percentiles], lookups: Mapping[str, int]) -> list[str]:
    """Return the results that occurred, but too rarely for a 99th percentile, as text."""
    return [
        f"{_PLURALS[word]} ({percentiles[f'{word} response'].samples} samples)"
        for word in _PLURALS
        if lookups.get(word) and percentiles[f"{word} response"].p99 is None
    ]

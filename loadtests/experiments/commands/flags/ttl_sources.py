"""The flags that say where the figures of a recommendation come from, and what they lead to."""

import argparse
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loadtests.experiments.commands.usage import UsageError, add_field_flags, given_values
from loadtests.experiments.figures.results import RunResults, load_results
from loadtests.experiments.plan.fields import FIELDS, KNOBS, SHAPED, Given, checked_knobs
from loadtests.experiments.plan.plan import make_plan
from loadtests.experiments.plan.sweep_flags import MEMORY
from loadtests.experiments.recommendation import sources
from loadtests.experiments.recommendation.candidate import Candidates
from loadtests.experiments.recommendation.entry import Entry, knobs_in_force
from loadtests.experiments.recommendation.measured_sweep import MeasuredSweep
from loadtests.experiments.recommendation.measured_times import pooled_times, times_by_ttl
from loadtests.experiments.recommendation.profile_file import read_profile
from loadtests.experiments.records.records import RUN_FILE
from loadtests.prediction.measuring_window import USUAL_KNOBS
from loadtests.traffic.trace import Trace, TraceError, load_trace

_NOT_DESCRIBED = {
    *("title", "repetitions", "window_ttls", "wanted_hit_ratio", "max_in_flight"),
    *("max_wait_seconds", *MEMORY, *SHAPED),
}
_TRAFFIC = tuple(name for name in FIELDS if name not in _NOT_DESCRIBED)
_LATENESS = ("ttl_jitter_ratio", "stale_seconds")
_FILL_MS = 5.0


def add_source_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the workload in flags, and the sweep that gives times to other sources."""
    parser.add_argument(
        "--times-from",
        metavar="SWEEP",
        type=Path,
        help="Folder of a sweep, whose hits and misses give the p99 of a profile or a workload",
    )
    workload = parser.add_argument_group("workload", "Without DIR: the traffic, as for a sweep.")
    add_field_flags(workload, {name: FIELDS[name] for name in _TRAFFIC})
    add_field_flags(workload, KNOBS, show_default=False)


def chosen_candidates(options: argparse.Namespace) -> tuple[Candidates, Mapping[str, Any] | None]:
    """Return the TTLs to choose from, and the profile if they are from one."""
    if options.folder is None:
        return _with_times(_described(options), options), None
    _refuse_traffic(options)
    file = options.folder / "profile.json"
    if file.exists():
        profile = _read_profile(file)
        found = sources.from_profile(profile, entry_of(options, {}))
        return _with_times(found, options), profile
    if options.times_from is not None:
        raise UsageError(
            f"--times-from {options.times_from} gives times to a profile or a workload, and the"
            f" sweep in {options.folder} has its own; leave it out"
        )
    if not (options.folder / RUN_FILE).exists():
        raise UsageError(
            f"{options.folder} holds neither profile.json nor {RUN_FILE}; name the folder of a"
            " profile or of a sweep"
        )
    results = _read_sweep(options.folder)
    entry = entry_of(options, knobs_in_force(results))
    times = times_by_ttl(options.folder, results)
    return MeasuredSweep(results, times, entry).candidates(), None


def _described(options: argparse.Namespace) -> Candidates:
    """Return the TTLs to choose from for a workload in flags."""
    plan = make_plan(given_values(options, _TRAFFIC), given_values(options, KNOBS))
    if plan.axes:
        raise UsageError(f"recommend takes one {next(iter(plan.axes))}; give a single value")
    ttls = [ttl for ttl in plan.ttl_seconds if ttl] if options.ttl_seconds else sources.TTL_GRID
    if not ttls:
        raise UsageError("--ttl 0 switches the cache off; name a TTL above 0, such as --ttl 5")
    fill_seconds = (_FILL_MS if options.fill_ms is None else options.fill_ms) / 1000.0
    plan = dataclasses.replace(plan, knobs={**USUAL_KNOBS, **plan.knobs})
    entry = entry_of(options, plan.at({}).knobs)
    if plan.load.trace is not None:
        trace = _read_trace(plan.load.trace)
        return sources.from_trace(plan, trace, ttls, fill_seconds, entry)
    found = sources.from_workload(plan, ttls, fill_seconds, entry)
    if not found.ttls:
        raise UsageError(
            f"there is no TTL to choose from: {sources.NO_FORMULA}; measure it by: python -m"
            " loadtests sweep, and name its folder here"
        )
    return found


def _with_times(candidates: Candidates, options: argparse.Namespace) -> Candidates:
    """Return the candidates with the p99 that a sweep's times give, if one is named."""
    if options.times_from is None:
        return candidates
    results = _read_sweep(options.times_from)
    times = pooled_times(options.times_from, results)
    if times is None:
        raise UsageError(
            f"--times-from {options.times_from} holds no trial whose latencies are trusted; measure"
            " it again"
        )
    return sources.with_times(candidates, times, results.run.title)


def _read_sweep(folder: Path) -> RunResults:
    """Return the sweep in a folder.

    Raises:
        RecordError: It holds none.
        UsageError: It holds several values of something.
    """
    results = load_results(folder)
    axes = results.run.plan.get("axes", {})
    if axes:
        raise UsageError(
            f"{folder} holds several values of {', '.join(axes)}, and a recommendation is "
            "for one of each; measure a plan with one"
        )
    return results


def _read_trace(path: Path) -> Trace:
    try:
        return load_trace(path)
    except TraceError as error:
        raise UsageError(f"--trace: {error}") from None


def entry_of(options: argparse.Namespace, knobs: Mapping[str, Any]) -> Entry:
    """Return what is known of entries: from the flags, else from the knobs of the run."""
    given = checked_knobs(given_values(options, _LATENESS))
    known = {**knobs, **given}
    is_kept = knobs.get("protection") == "stale" or (options.folder and "stale_seconds" in given)
    return Entry(
        options.entry_bytes,
        float(known.get("ttl_jitter_ratio", 0.0)),
        float(known.get("stale_seconds", 0.0)) if is_kept else 0.0,
    )


def _refuse_traffic(options: argparse.Namespace) -> None:
    """Refuse flags of a workload beside a folder, which has its own.

    Raises:
        UsageError: One is given.
    """
    given: dict[str, Given] = given_values(options, (*_TRAFFIC, *KNOBS))
    extra = [value.place for name, value in given.items() if name not in _LATENESS]
    if options.fill_ms is not None:
        extra.append("--fill-ms")
    if extra:
        raise UsageError(
            f"{extra[0]} describes a workload, but {options.folder} has its own; leave one of the"
            " two out"
        )


def _read_profile(file: Path) -> Mapping[str, Any]:
    try:
        return read_profile(file)
    except (OSError, ValueError):
        raise UsageError(
            f"{file} is not a profile; make one by: python -m loadtests profile LOG"
        ) from None

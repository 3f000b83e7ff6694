"""Name the smallest and the largest TTL that keep what you ask of the cache.

The figures come from a profile of your log, from the records of a sweep, or, without a folder, from
theory for a workload that flags describe. A bound is judged on the bad end: the low end of an
interval, the highest p99; a TTL of which something is unknown is not recommended.

Examples:
  python -m loadtests recommend results/profile-20250131-120000 --min-hit-ratio 0.9
  python -m loadtests recommend results/sweep-20250131-120000 --max-p99-ms 20 --max-stale-seconds 60
  python -m loadtests recommend --rate 300 --items 10000 --skew 0.9 --max-store-rate 40
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from loadtests.experiments.commands.flags.bound_flags import add_bound_flags, prices, wanted
from loadtests.experiments.commands.usage import (
    UsageError,
    Verbs,
    add_field_flags,
    add_verb,
    given_values,
)
from loadtests.experiments.figures.results import load_results
from loadtests.experiments.plan.fields import FIELDS, KNOBS, LATER_FIELDS, Given
from loadtests.experiments.plan.plan import make_plan
from loadtests.experiments.plan.sweep_flags import MEMORY
from loadtests.experiments.recommendation import sources
from loadtests.experiments.recommendation.candidate import Candidates
from loadtests.experiments.recommendation.classes import ClassTtl, ttls_by_class
from loadtests.experiments.recommendation.profile_file import read_profile
from loadtests.experiments.recommendation.recommendation import Recommendation, recommend
from loadtests.experiments.recommendation.recommendation_table import recommendation_text
from loadtests.experiments.report.table import answer_console

EXIT_NONE = 1
_NOT_DESCRIBED = {"title", "repetitions", "window_ttls", "scenario", *MEMORY, *LATER_FIELDS}
_TRAFFIC = tuple(name for name in FIELDS if name not in _NOT_DESCRIBED)
_LATENESS = ("ttl_jitter_ratio", "stale_seconds")


def add_to(verbs: Verbs) -> None:
    """Declare the verb and its flags."""
    parser = add_verb(verbs, "recommend", __doc__, run)
    parser.usage = "python -m loadtests recommend [DIR] --BOUND VALUE… [options]"
    parser.add_argument(
        "folder", metavar="DIR", nargs="?", type=Path, help="Of a profile or of a sweep"
    )
    add_bound_flags(parser)
    parser.add_argument(
        "--per-class",
        action="store_true",
        help="A TTL for each class of a profile, which reach --min-hit-ratio together",
    )
    workload = parser.add_argument_group("workload", "Without DIR: the traffic, as for a sweep.")
    add_field_flags(workload, {name: FIELDS[name] for name in _TRAFFIC})
    add_field_flags(workload, KNOBS, show_default=False)
    parser.add_argument("--json", action="store_true", help="Print one JSON object")


def run(options: argparse.Namespace, notes: Console) -> int:
    """Print which TTLs keep every bound; return 1 if none does."""
    bounds = wanted(options).bounds()
    candidates, profile = _candidates(options)
    if not candidates.ttls:
        reasons = "; ".join(candidates.left_out) or "none was measured"
        raise UsageError(f"there is no TTL to choose from: {reasons}")
    costs = prices(options)
    answer = recommend(candidates, bounds, costs)
    classes = _classes(options, profile)
    if options.json:
        print(json.dumps(_as_object(answer, candidates, classes)))  # noqa: T201 - the answer
    else:
        size = options.entry_bytes
        break_even = costs.break_even_seconds(size) if costs and size else None
        text = recommendation_text(answer, candidates, classes, break_even)
        answer_console().print(text)
    for line in candidates.left_out:
        notes.print(f"left out: {line}")
    return 0 if answer.smallest else EXIT_NONE


def _candidates(options: argparse.Namespace) -> tuple[Candidates, Mapping[str, Any] | None]:
    """Return the TTLs to choose from, and the profile if they are from one."""
    if options.folder is None:
        plan = make_plan(given_values(options, _TRAFFIC), given_values(options, KNOBS))
        if plan.axes:
            raise UsageError(f"recommend takes one {next(iter(plan.axes))}; give a single value")
        ttls = plan.ttl_seconds if options.ttl_seconds else sources.TTL_GRID
        fill_seconds = (5.0 if options.fill_ms is None else options.fill_ms) / 1000.0
        entry = _entry(options, plan.knobs)
        return sources.from_workload(plan, ttls, fill_seconds, entry), None
    _refuse_traffic(options)
    file = options.folder / "profile.json"
    if file.exists():
        profile = _read_profile(file)
        return sources.from_profile(profile, _entry(options, {})), profile
    results = load_results(options.folder)
    axes = results.run.plan.get("axes", {})
    if axes:
        raise UsageError(
            f"{options.folder} holds several values of {', '.join(axes)}, and a recommendation is "
            "for one of each; measure a plan with one"
        )
    return sources.from_sweep(results, _entry(options, results.run.plan.get("knobs", {}))), None


def _entry(options: argparse.Namespace, knobs: Mapping[str, Any]) -> sources.Entry:
    """Return what is known of entries: from the flags, else from the knobs of the run."""
    jitter, stale = (
        knobs.get(name) if getattr(options, name) is None else float(getattr(options, name))
        for name in _LATENESS
    )
    kept = float(stale or 0.0) if knobs.get("protection") == "stale" or options.folder else 0.0
    return sources.Entry(options.entry_bytes, float(jitter or 0.0), kept)


def _refuse_traffic(options: argparse.Namespace) -> None:
    """Refuse flags of a workload beside a folder, which has its own.

    Raises:
        UsageError: One is given.
    """
    given: dict[str, Given] = given_values(options, (*_TRAFFIC, *KNOBS))
    extra = [value.place for name, value in given.items() if name not in _LATENESS]
    if extra:
        raise UsageError(f"{extra[0]} describes a workload, but {options.folder} has its own")


def _read_profile(file: Path) -> Mapping[str, Any]:
    try:
        return read_profile(file)
    except (OSError, ValueError):
        raise UsageError(
            f"{file} is not a profile; make one by: python -m loadtests profile LOG"
        ) from None


def _classes(
    options: argparse.Namespace, profile: Mapping[str, Any] | None
) -> list[ClassTtl] | None:
    """Return a TTL for each class if asked for.

    Raises:
        UsageError: There are no classes, no hit ratio to reach, or it cannot be reached.
    """
    if not options.per_class:
        return None
    if profile is None or not profile["classes"]:
        raise UsageError("--per-class needs a profile with classes; see profile --class-regex")
    if options.min_hit_ratio is None:
        raise UsageError("--per-class needs the hit ratio to reach: --min-hit-ratio 0.9")
    found = ttls_by_class(profile["classes"], options.min_hit_ratio)
    if found is None:
        raise UsageError(
            f"the classes do not reach a hit ratio of {options.min_hit_ratio:g} with any TTL that"
            f" was worked out; the ceiling is {profile['ceiling']:.4f}"
        )
    return found


def _as_object(
    answer: Recommendation, candidates: Candidates, classes: list[ClassTtl] | None
) -> dict[str, Any]:
    def ttl(candidate: Any) -> float | None:  # noqa: ANN401 - a candidate or None
        return candidate.ttl_seconds if candidate else None

    return {
        "smallest_ttl_seconds": ttl(answer.smallest),
        "largest_ttl_seconds": ttl(answer.largest),
        "cheapest_ttl_seconds": ttl(answer.cheapest),
        "sentences": answer.sentences,
        "source": candidates.source,
        "left_out": candidates.left_out,
        "candidates": [
            {
                **asdict(each.candidate),
                "failed": each.failed,
                "unknown": each.unknown,
                "cost_per_hour": each.cost_per_hour,
            }
            for each in answer.judged
        ],
        "classes": None if classes is None else [asdict(each) for each in classes],
    }

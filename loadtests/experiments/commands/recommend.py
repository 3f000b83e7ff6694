"""Name the smallest and the largest TTL that keep what you ask of the cache.

The figures come from a profile of your log, from the records of a sweep, or, without a folder, from
theory for a workload that flags describe (from the replay, for a trace). A bound is judged on the
bad end: the low end of an interval, the highest p99; a TTL of which something is unknown is not
recommended. Between the TTLs of a sweep theory stands, less the largest residual of its trials.

Examples:
  python -m loadtests recommend results/profile-20250131-120000 --min-hit-ratio 0.9
  python -m loadtests recommend results/sweep-20250131-120000 --max-p99-ms 20 --max-stale-seconds 60
  python -m loadtests recommend --rate 300 --items 10000 --skew 0.9 --max-store-rate 40
  python -m loadtests recommend results/profile-… --times-from results/sweep-… --max-p99-ms 20
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from loadtests.experiments.commands.flags.bound_flags import add_bound_flags, prices, wanted
from loadtests.experiments.commands.flags.ttl_sources import (
    add_source_flags,
    chosen_candidates,
    entry_of,
)
from loadtests.experiments.commands.usage import UsageError, Verbs, add_verb
from loadtests.experiments.recommendation.candidate import Candidates
from loadtests.experiments.recommendation.classes import ClassTtl, most_hits, ttls_by_class
from loadtests.experiments.recommendation.recommendation import Recommendation, recommend
from loadtests.experiments.recommendation.recommendation_table import recommendation_text
from loadtests.experiments.report.table import answer_console

EXIT_NONE = 1
_NOT_OF_CLASSES = {"--max-p99-ms": "max_p99_ms", "--max-memory-mb": "max_memory_mb"}


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
        help="A TTL for each class of a profile, which keep --min-hit-ratio or --max-store-rate"
        " together, none beyond --max-stale-seconds",
    )
    add_source_flags(parser)
    parser.add_argument("--json", action="store_true", help="Print one JSON object")


def run(options: argparse.Namespace, notes: Console) -> int:
    """Print which TTLs keep every bound; return 1 if none does."""
    costs = prices(options)
    asked = wanted(options, priced=costs is not None)
    candidates, profile = chosen_candidates(options)
    if not candidates.ttls:
        reasons = "; ".join(candidates.left_out) or "none was measured"
        raise UsageError(f"there is no TTL to choose from: {reasons}")
    answer = recommend(candidates, asked.bounds(), costs)
    classes = _classes(options, profile)
    size = candidates.entry_bytes
    break_even = costs.break_even_seconds(size) if costs and size else None
    if options.json:
        found = _as_object(answer, candidates, classes) | {"break_even_seconds": break_even}
        print(json.dumps(found))  # noqa: T201 - the answer
    else:
        answer_console().print(recommendation_text(answer, candidates, classes, break_even))
    for line in candidates.left_out:
        notes.print(f"left out: {line}")
    return 0 if answer.smallest else EXIT_NONE


def _classes(
    options: argparse.Namespace, profile: Mapping[str, Any] | None
) -> list[ClassTtl] | None:
    """Return a TTL for each class if asked for.

    Raises:
        UsageError: There are no classes, no sum to reach, or it cannot be reached.
    """
    if not options.per_class:
        return None
    if profile is None or not profile["classes"]:
        raise UsageError("--per-class needs a profile with classes; see profile --class-regex")
    if options.min_hit_ratio is None and options.max_store_rate is None:
        raise UsageError("--per-class needs the hit ratio to reach: --min-hit-ratio 0.9")
    for flag, value in _NOT_OF_CLASSES.items():
        if getattr(options, value) is not None:
            raise UsageError(f"{flag} is not known of each class; leave it or --per-class out")
    ratio = max(options.min_hit_ratio or 0.0, _ratio_for(options.max_store_rate, profile))
    longest = entry_of(options, {}).longest_ttl(options.max_stale_seconds)
    found = ttls_by_class(profile["classes"], ratio, longest)
    if found is None:
        best = most_hits(profile["classes"], longest)
        raise UsageError(
            f"the classes do not reach a hit ratio of {ratio:.4g} with any TTL that was worked out"
            f" and may be given; the most is {best:.4f}"
        )
    return found


def _ratio_for(max_store_rate: float | None, profile: Mapping[str, Any]) -> float:
    """Return the hit ratio at which the store is read no more often than that."""
    shortest = profile["curve"][0]
    misses = 1.0 - shortest["hit_ratio"]
    if max_store_rate is None or not misses:
        return 0.0
    return float(1.0 - max_store_rate * misses / shortest["store_reads_per_second"])


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

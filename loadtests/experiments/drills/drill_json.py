"""What `drill --json` prints."""

from typing import Any

from loadtests.experiments.drills.drill_figures import DrillFigures, DrillResults


def as_json(results: DrillResults) -> dict[str, Any]:
    """Return what `--json` prints."""
    return {
        "title": results.run.title,
        "drills": [_drill_json(drill) for drill in results.drills],
        "damaged": list(results.damaged),
    }


def _drill_json(drill: DrillFigures) -> dict[str, Any]:
    return {
        "name": drill.record.name,
        "about": drill.record.about,
        "well_seconds": drill.well_seconds,
        "phases": [
            {
                "phase": each.phase,
                "seconds": each.seconds,
                "lookups": each.lookups,
                "failed": each.failed,
                "bypassed": each.bypassed,
                "hit_ratio": each.hit_ratio,
                "p50_ms": _milliseconds(each.p50_seconds),
                "p99_ms": _milliseconds(each.p99_seconds),
                "slowest_ms": _milliseconds(each.slowest_seconds),
                "store_reads_per_second": each.store_reads_per_second,
            }
            for each in drill.phases
        ],
        "aborted": drill.aborted,
        "doubts": list(drill.doubts),
    }


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000

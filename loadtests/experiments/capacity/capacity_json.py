"""What `capacity --json` prints."""

from typing import Any

from loadtests.experiments.capacity.capacity_figures import (
    CapacityResults,
    StepFigures,
    limited_by,
)


def as_json(results: CapacityResults) -> dict[str, Any]:
    """Return what `--json` prints."""
    return {
        "title": results.run.title,
        "max_p99_ms": results.max_p99_seconds * 1000,
        "capacities": [
            {
                "goal": each.goal,
                "hit_ratio": each.steps[0].record.hit_ratio,
                "capacity": each.found.holds,
                "breaks_at": each.found.breaks,
                "limited_by": limited_by(each),
                "generator_limit": each.generator,
                "marks": dict(each.marks),
                "steps": [_step_json(step) for step in each.steps],
            }
            for each in results.capacities
        ],
        "damaged": list(results.damaged),
        "doubts": list(results.doubts),
    }


def _step_json(step: StepFigures) -> dict[str, Any]:
    record, judgement = step.record, step.judgement
    return {
        "rate": record.rate,
        "ttl_seconds": record.ttl_seconds,
        "lookups": step.lookups,
        "hit_ratio": step.hit_ratio,
        "p50_ms": _milliseconds(step.p50_seconds),
        "p99_ms": _milliseconds(step.p99_seconds),
        "service_p99_ms": _milliseconds(step.service_p99_seconds),
        "slower_ratio": judgement.beyond,
        "slower_ratio_low": judgement.low,
        "slower_ratio_high": judgement.high,
        "slip_p99_ms": _milliseconds(step.slip_p99_seconds),
        "generator_cpu_ratio": step.cpu_ratio,
        "verdict": judgement.verdict,
        "generator_limit": judgement.generator,
        "aborted": step.aborted,
    }


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000

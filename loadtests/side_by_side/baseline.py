"""The committed ratios, and which of a new run are worse."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

BASELINE = Path(__file__).with_name("baseline.json")
# Ratios of one machine differ by less than this between runs, unless a pair's own range is wider.
TOLERANCE = 0.15
# By how much what grows with work, such as memory and time, may grow.
COSTS = {"metrics_bytes": 0.02, "memory_mb": 0.1, "start_seconds": 0.3}
MOST_GROWTH = 0.02


def read_baseline() -> dict[str, Any]:
    """Return the committed figures."""
    figures: dict[str, Any] = json.loads(BASELINE.read_text(encoding="utf-8"))
    return figures


def worse(figures: Mapping[str, Any], baseline: Mapping[str, Any]) -> list[str]:
    """Return a line for each figure that is worse than the baseline allows."""
    before = {case["name"]: case for case in baseline["cases"]}
    lines = [
        f"{case['name']}: {case['ratio']:.2f}, was {known['ratio']:.2f} (least {least(known):.2f})"
        for case in figures["cases"]
        if (known := before.get(case["name"])) and case["ratio"] < least(known)
    ]
    costs, known_costs = figures["costs"], baseline["costs"]
    for name, tolerance in COSTS.items():
        most = known_costs[name] * (1 + tolerance)
        if costs[name] > most:
            lines.append(f"{name}: {costs[name]}, was {known_costs[name]} (most {most:.2f})")
    if costs["memory_growth_ratio"] > MOST_GROWTH:
        growth, lookups = costs["memory_growth_ratio"], costs["lookups"]
        lines.append(f"memory grew by {growth * 100:.1f} % over {lookups} lookups (most 2.0 %)")
    return lines


def within(figures: Mapping[str, Any], baseline: Mapping[str, Any]) -> str:
    """Return a line that says how many ratios lie within the ranges of the baseline."""
    before = {case["name"]: case for case in baseline["cases"]}
    pairs = [(case, before[case["name"]]) for case in figures["cases"] if case["name"] in before]
    outside = [
        f"{case['name']} {case['ratio']:.2f} ({known['low']:.2f}-{known['high']:.2f})"
        for case, known in pairs
        if not known["low"] <= case["ratio"] <= known["high"]
    ]
    inside = f"{len(pairs) - len(outside)} of {len(pairs)} ratios lie within their ranges"
    return f"{inside}; outside: {', '.join(outside)}" if outside else inside


def least(known: Mapping[str, Any]) -> float:
    """Return the least ratio that is as good as a known one."""
    return min(float(known["low"]), float(known["ratio"]) * (1 - TOLERANCE))

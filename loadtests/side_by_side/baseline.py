"""The committed ratios, and which of a new run are worse."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loadtests.side_by_side.pairs import range_of_another_run

BASELINE = Path(__file__).with_name("baseline.json")
# A change of less than this does not matter, however little the pairs scatter.
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
    lines = []
    for case in figures["cases"]:
        if known := before.get(case["name"]):
            bound = least(known, baseline["pairs"], figures["pairs"])
            if case["ratio"] < bound:
                was = f"was {known['ratio']:.2f} (least {bound:.2f})"
                lines.append(f"{case['name']}: {case['ratio']:.2f}, {was}")
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
    """Return a line that says how many ratios lie where the baseline expects another run."""
    before = {case["name"]: case for case in baseline["cases"]}
    outside, judged = [], 0
    for case in figures["cases"]:
        if known := before.get(case["name"]):
            judged += 1
            low, high = expected(known, baseline["pairs"], figures["pairs"])
            if not low <= case["ratio"] <= high:
                outside.append(f"{case['name']} {case['ratio']:.2f} ({low:.2f}-{high:.2f})")
    inside = f"{judged - len(outside)} of {judged} ratios lie within their ranges"
    return f"{inside}; outside: {', '.join(outside)}" if outside else inside


def expected(known: Mapping[str, Any], pairs: int, pairs_of_another: int) -> tuple[float, float]:
    """Return the bounds between which another run should find the ratio of a case.

    Args:
        known: The case as the baseline has it.
        pairs: How many pairs the baseline rests on.
        pairs_of_another: How many the other run rests on.
    """
    return range_of_another_run(known["ratio"], known["spread"], pairs, pairs_of_another)


def least(known: Mapping[str, Any], pairs: int, pairs_of_another: int) -> float:
    """Return the least ratio of another run that is as good as a known one."""
    low, _ = expected(known, pairs, pairs_of_another)
    return min(low, float(known["ratio"]) * (1 - TOLERANCE))

"""The figures of a case, from the bursts of both servers."""

from collections.abc import Sequence
from statistics import median
from typing import Any

from loadtests.side_by_side.cases import Case
from loadtests.side_by_side.pairs import Ratios, ratios
from loadtests.side_by_side.stage import Measured


def figures_of(case: Case, one: Sequence[Measured], other: Sequence[Measured]) -> dict[str, Any]:
    """Return a case as JSON holds it.

    Args:
        case: What was compared.
        one: The service's bursts.
        other: Those of its rival, pair by pair.
    """
    rates, cpu = _rates(one, other), _cpu(one, other)
    return {
        "name": case.name,
        "path": case.path,
        "rival": case.rival.name,
        "threads": case.threads,
        "on_one_core": case.on_one_core,
        "wanted": case.wanted,
        "is_short": case.is_short,
        "ratio": round(rates.median, 3),
        "low": round(rates.low, 3),
        "high": round(rates.high, 3),
        "spread": round(rates.spread, 4),
        "cpu_ratio": round(cpu.median, 3),
        "rate": round(median(each.rate for each in one)),
        "rival_rate": round(median(each.rate for each in other)),
        "p99_ms": round(median(each.p99_seconds for each in one) * 1000, 2),
        "rival_p99_ms": round(median(each.p99_seconds for each in other) * 1000, 2),
    }


def line_of(case: Case, one: Measured, other: Measured) -> str:
    """Return the ratios of one pair of a case in a line."""
    rates, cpu = _rates([one], [other]), _cpu([one], [other])
    return f"{case.name}: {rates.median:.2f}, by CPU time {cpu.median:.2f}"


def _rates(one: Sequence[Measured], other: Sequence[Measured]) -> Ratios:
    return ratios([each.rate for each in one], [each.rate for each in other])


def _cpu(one: Sequence[Measured], other: Sequence[Measured]) -> Ratios:
    # Less CPU time for an answer is better, so that the service stands below the line.
    return ratios([each.cpu_seconds for each in other], [each.cpu_seconds for each in one])

"""A comparison for people, for a pull request, and for the tools that keep benchmark results."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from loadtests.experiments.comparison.comparison import Comparison, Shape
from loadtests.experiments.comparison.difference import BETTER, UNKNOWN, WORSE, Difference
from loadtests.experiments.plan.axes import value_text, values_text
from loadtests.output.figure_text import UNKNOWN as UNKNOWN_SIGN
from loadtests.output.fitting_table import FittingTable

HEADINGS = ("TTL s", "figure", "first", "second", "change", "95 % interval", "verdict")


def comparison_table(comparison: Comparison, left_out: Sequence[str]) -> RenderableType:
    """Return the verdict in sentences and a table, at most 100 columns wide."""
    table = FittingTable(*HEADINGS)
    for each in comparison.differences:
        table.add_row(*_cells(each))
    lines = [*summary(comparison), *(f"Left out: {line}." for line in left_out)]
    return Group(*(Text(line) for line in lines), table)


def comparison_markdown(comparison: Comparison, left_out: Sequence[str]) -> str:
    """Return the same for a pull request."""
    lines = [f"- {line}" for line in summary(comparison)]
    lines += [f"- Left out: {line}." for line in left_out]
    rows = ["| " + " | ".join(HEADINGS) + " |", "|" + "---|" * len(HEADINGS)]
    rows += ["| " + " | ".join(_cells(each)) + " |" for each in comparison.differences]
    return "\n".join(["## Comparison", "", *lines, "", *rows, ""])


def summary(comparison: Comparison) -> list[str]:
    """Return what may be concluded, in sentences."""
    named = {
        word: [_name(each) for each in comparison.differences if each.verdict == word]
        for word in (WORSE, BETTER, UNKNOWN)
    }
    lines = [f"Worse: {', '.join(named[WORSE])}." if named[WORSE] else "Nothing is known worse."]
    if named[BETTER]:
        lines.append(f"Better: {', '.join(named[BETTER])}.")
    if named[UNKNOWN]:
        needed = [e.minutes_needed for e in comparison.differences if e.verdict == UNKNOWN]
        known = [minutes for minutes in needed if minutes]
        more = f"; about {max(known):.0f} more minutes of measuring would tell" if known else ""
        lines.append(f"It cannot be told yet for {', '.join(named[UNKNOWN])}{more}.")
    shapes = [_place(shape) for shape in comparison.shapes if shape.changed]
    if shapes:
        lines.append(f"Response times are distributed otherwise at {', '.join(shapes)}.")
    if comparison.single:
        lines.append(
            "Each TTL was measured once in each run: a change of the machine between the runs would"
            " look the same; use --repetitions."
        )
    return lines


def comparison_object(comparison: Comparison, left_out: Sequence[str]) -> dict[str, Any]:
    """Return it for JSON."""
    return {
        "differences": [
            {
                **asdict(each),
                "verdict": each.verdict,
                "verdict_text": each.verdict_text,
                "minutes_needed": each.minutes_needed,
            }
            for each in comparison.differences
        ],
        "shapes": [shape._asdict() for shape in comparison.shapes],
        "left_out": list(left_out),
    }


def github_action_benchmark(comparison: Comparison) -> list[dict[str, Any]]:
    """Return the second run for github-action-benchmark's customSmallerIsBetter.

    A hit ratio is given as the ratio of misses, since smaller must be better.
    """
    entries = []
    for each in comparison.differences:
        if each.second is None:
            continue
        higher = not each.metric.lower_is_better
        name = _name(each).replace("hit ratio", "miss ratio") if higher else _name(each)
        value = 1 - each.second if higher else each.second
        half = None if each.low is None or each.high is None else (each.high - each.low) / 2
        entry: dict[str, Any] = {"name": name, "unit": each.metric.unit or "ratio", "value": value}
        entries.append({**entry, "range": f"± {half:.4g}"} if half is not None else entry)
    return entries


def bencher(comparison: Comparison) -> dict[str, Any]:
    """Return the second run in Bencher's metric format."""
    found: dict[str, Any] = {}
    for each in comparison.differences:
        if each.second is None:
            continue
        measures = found.setdefault(_place(each), {})
        measures[each.metric.name.replace(" ", "-")] = {"value": each.second, **_ends(each)}
    return found


def _ends(each: Difference) -> dict[str, float]:
    """Return the value of the second run with the interval of the change, as Bencher takes it."""
    if each.second is None or each.low is None or each.high is None:
        return {}
    half = (each.high - each.low) / 2
    return {"lower_value": each.second - half, "upper_value": each.second + half}


def _name(each: Difference) -> str:
    return f"{each.metric.name} at {_place(each)}"


def _place(each: Difference | Shape) -> str:
    return f"{values_text({**each.values, 'TTL': each.ttl_seconds})} s"


def _cells(each: Difference) -> list[str]:
    return [
        ", ".join(map(value_text, [*each.values.values(), each.ttl_seconds])),
        f"{each.metric.name}{f' {each.metric.unit}' if each.metric.unit == 'ms' else ''}",
        _number(each.first),
        _number(each.second),
        _number(each.change, "+"),
        UNKNOWN_SIGN
        if each.low is None or each.high is None
        else f"{each.low:+.3g} to {each.high:+.3g}",
        each.verdict_text,
    ]


def _number(value: float | None, sign: str = "") -> str:
    return UNKNOWN_SIGN if value is None else f"{value:{sign}.4g}"

"""Reads the committed dashboards and rules as Grafana and Prometheus would."""

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
BOARDS = sorted((ROOT / "dashboards").glob("*.json"))
RULES = ROOT / "dashboards" / "prometheus" / "rules.yml"

SCRAPE_SECONDS = 5

_WORDS = frozenset(("and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring"))
_CLAUSE = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
_NAME_MATCHER = re.compile(r'__name__=~"([^"]+)"')
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*(?!\s*\(|[a-zA-Z0-9_:])")


@dataclass(frozen=True)
class Query:
    """One PromQL expression of a dashboard or rule.

    Attributes:
        board: Name of the dashboard, or "rules".
        kind: "panel", "annotation", "variable" or "rule".
        title: Title of the panel, or name of the annotation, variable or rule.
        expr: The expression, with Grafana's variables in it.
        instant: Whether it is evaluated once, at the end of the time range.
        min_step_seconds: Least distance of its points.
        most_points: How many the panel asks for at most; None asks for one a pixel.
    """

    board: str
    kind: str
    title: str
    expr: str
    instant: bool = False
    min_step_seconds: int = SCRAPE_SECONDS
    most_points: int | None = None

    @property
    def of_the_range(self) -> bool:
        """Whether it summarises the whole time range instead of showing the current value."""
        return self.instant and "$__range" in self.expr

    def __str__(self) -> str:
        return f"{self.board}: {self.kind} {self.title}: {self.expr}"


def load(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def panels(board: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return all panels but the row headings."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def queries(path: Path) -> Iterator[Query]:
    board = load(path)
    for panel in panels(board):
        for target in panel["targets"]:
            yield Query(
                path.stem,
                "panel",
                panel["title"],
                target["expr"],
                target.get("instant", False),
                most_points=panel.get("maxDataPoints"),
            )
    for mark in board["annotations"]["list"]:
        if "expr" in mark:
            min_step_seconds = int(mark["target"]["interval"].removesuffix("s"))
            yield Query(
                path.stem,
                "annotation",
                mark["name"],
                mark["expr"],
                min_step_seconds=min_step_seconds,
            )
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield Query(path.stem, "variable", variable["name"], variable["query"]["query"])


@functools.cache
def all_queries() -> list[Query]:
    return [query for path in BOARDS for query in queries(path)]


@functools.cache
def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


@functools.cache
def recorded() -> dict[str, str]:
    """Return the expression of each recorded metric."""
    return {rule["record"]: rule["expr"] for rule in rules() if "record" in rule}


def rule_queries() -> list[Query]:
    return [
        Query("rules", "rule", rule.get("record") or rule["alert"], rule["expr"])
        for rule in rules()
    ]


def selector_of(label_values: str) -> tuple[str, str]:
    """Split label_values(selector, label)."""
    inner = re.fullmatch(r"label_values\((.*), (\w+)\)", label_values)
    assert inner, label_values
    return inner[1], inner[2]


def fill_variables(
    expr: str, range_seconds: int = 900, min_step_seconds: int = SCRAPE_SECONDS
) -> str:
    """Replace Grafana's variables by their values, with All chosen for job and instance.

    Args:
        expr: The expression.
        range_seconds: Length of the dashboard's time range.
        min_step_seconds: The query's least step; by default the scrape interval.
    """
    # $__rate_interval is the greater of step + least step and four times the least step.
    rate_interval = max(SCRAPE_SECONDS + min_step_seconds, 4 * min_step_seconds)
    for variable, value in (
        ("$__rate_interval", f"{rate_interval}s"),
        ("$__range", f"{range_seconds}s"),
        ("$__interval", f"{min_step_seconds}s"),
        ("$job", ".+"),
        ("$replica", ".+"),
        ("$generator", ".+"),
    ):
        expr = expr.replace(variable, value)
    assert "$" not in re.sub(r'"[^"$]*\$1[^"$]*"', "", expr), expr
    return expr


def metrics_in(expr: str) -> set[str]:
    """Return the metrics that an expression selects."""
    named = {name for names in _NAME_MATCHER.findall(expr) for name in names.split("|")}
    bare = re.sub(r'"[^"]*"', '""', expr)
    bare = re.sub(r"\{[^}]*\}", " ", bare)
    bare = re.sub(r"\[[^\]]*\]", " ", bare)
    bare = re.sub(r"\boffset\s+\S+", " ", bare)
    bare = _CLAUSE.sub(" ", bare)
    found = {name for name in _NAME.findall(bare) if not name.isdigit()}
    return named | (found - _WORDS)


def family(metric: str) -> str:
    """Return the name under which a histogram's series are documented."""
    return re.sub(r"(_seconds)_(?:bucket|sum|count)$", r"\1", metric)


def families_behind(expr: str) -> set[str]:
    """Return the families that an expression uses, with those that its recorded metrics use."""
    rules_by_name = recorded()
    found: set[str] = set()
    pending = [expr]
    while pending:
        for metric in metrics_in(pending.pop()):
            if metric in rules_by_name and metric not in found:
                pending.append(rules_by_name[metric])
            found.add(family(metric))
    return found

"""The parts that all dashboards share: variables, links, annotations, refresh."""

from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    VariableHide,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from dashboards.generator.annotations import MARKS
from dashboards.generator.panels import DATASOURCE

TAG = "cacheaside"


@dataclass(frozen=True, slots=True)
class Page:
    """The properties in which the dashboards differ.

    Attributes:
        uid: Identifier in its address, /d/<uid>; it never changes.
        title: Name of the dashboard.
        text: The question that it answers.
        since: Length of its initial time range, such as 15m.
        sources: One metric of each program shown; they fill the variables job and instance.
    """

    uid: str
    title: str
    text: str
    since: str
    sources: tuple[str, ...]


def frame(page: Page) -> build.Dashboard:
    """Return a dashboard without panels."""
    board = (
        build.Dashboard(page.title)
        .uid(page.uid)
        .description(page.text)
        .tags([TAG])
        .timezone("browser")
        .readonly()
        .time(f"now-{page.since}", "now")
        .refresh("5s")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .with_variable(_datasource())
        .with_variable(_labels("job", page.sources, ""))
        .with_variable(_labels("instance", page.sources, 'job=~"$job"'))
        .link(_links())
    )
    for mark in MARKS:
        board.annotation(mark)
    return board


def _datasource() -> build.DatasourceVariable:
    return (
        build.DatasourceVariable("datasource")
        .label("Data source")
        .type("prometheus")
        .current(VariableOption(selected=True, text="Prometheus", value="prometheus"))
    )


def _labels(name: str, sources: tuple[str, ...], matchers: str) -> build.QueryVariable:
    inner = ", ".join(part for part in (f'__name__=~"{"|".join(sources)}"', matchers) if part)
    query = f"label_values({{{inner}}}, {name})"
    return (
        build.QueryVariable(name)
        .label(name)
        .datasource(DATASOURCE)
        .query({"query": query, "refId": name})
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".+")
        .hide(VariableHide.DONT_HIDE)
        .current(VariableOption(selected=True, text=["All"], value=["$__all"]))
    )


def _links() -> build.DashboardLink:
    return (
        build.DashboardLink("Cache-aside")
        .type(DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .include_vars(True)
        .keep_time(True)
    )

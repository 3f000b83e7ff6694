"""The parts that all dashboards share: variables, links, annotations, refresh, the grid."""

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    GridPos,
    VariableHide,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from dashboards.generator.annotations import MARKS
from dashboards.generator.panels import DATASOURCE, Panel

TAG = "cacheaside"
COLUMNS = 24
_JOBS = "cacheaside_build_info|loadtest_target_rate|redis_up|mysql_up"


@dataclass(frozen=True, slots=True)
class Page:
    """The properties in which the dashboards differ.

    Attributes:
        uid: Identifier in its address, /d/<uid>; it never changes.
        title: Name of the dashboard.
        text: The question that it answers.
        since: Length of its initial time range, such as 15m.
    """

    uid: str
    title: str
    text: str
    since: str


@dataclass(frozen=True, slots=True)
class Row:
    """A heading and the panels under it, which flow from left to right.

    Several panels in a tuple stand above one another in one column.
    """

    title: str
    panels: Sequence[Panel | tuple[Panel, ...]]


def frame(page: Page, *rows: Row) -> build.Dashboard:
    """Return a dashboard with its rows of panels."""
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
        .with_variable(_values("job", "job", f'__name__=~"{_JOBS}"').hide(_HIDDEN))
        .with_variable(_instances("replica", "service replica", "cacheaside_build_info"))
        .with_variable(_instances("generator", "load generator", "loadtest_target_rate"))
        .link(_links())
    )
    for mark in MARKS:
        board.annotation(mark)
    top = 0
    for row in rows:
        board.with_row(build.Row(row.title).grid_pos(GridPos(x=0, y=top, w=COLUMNS, h=1)))
        top = _place(board, row.panels, top + 1)
    return board


def _place(board: build.Dashboard, panels: Sequence[Panel | tuple[Panel, ...]], top: int) -> int:
    """Put panels on the grid from *top* on and return where the next row begins."""
    left, below = 0, top
    for item in panels:
        column = item if isinstance(item, tuple) else (item,)
        places = [panel.build().grid_pos or GridPos() for panel in column]
        if left + places[0].w > COLUMNS:
            left, top = 0, below
        height = top
        for panel, place in zip(column, places, strict=True):
            place.x, place.y = left, height
            height += place.h
            board.with_panel(panel)
        left += places[0].w
        below = max(below, height)
    return below


_HIDDEN = VariableHide.HIDE_VARIABLE


def _datasource() -> build.DatasourceVariable:
    return (
        build.DatasourceVariable("datasource")
        .label("Data source")
        # Its name alone is enough, and leaves room for everything else in one row.
        .hide(VariableHide.HIDE_LABEL)
        .type("prometheus")
        .current(VariableOption(selected=True, text="Prometheus", value="prometheus"))
    )


def _instances(name: str, label: str, metric: str) -> build.QueryVariable:
    """Return a choice among the instances of the program that exposes *metric*."""
    return _values(name, "instance", f'__name__=~"{metric}", job=~"$job"').label(label)


def _values(name: str, of_label: str, matchers: str) -> build.QueryVariable:
    query = f"label_values({{{matchers}}}, {of_label})"
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
        .current(VariableOption(selected=True, text=["All"], value=["$__all"]))
    )


def _links() -> build.DashboardLink:
    return (
        build.DashboardLink("Boards")
        .type(DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(True)
        .include_vars(True)
        .keep_time(True)
    )

"""The committed JSON is what the generator writes, and what Grafana's own SDK can read."""

import re

import pytest
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.generator.__main__ import render_dashboards
from dashboards.generator.boards.ttl import GRID
from loadtests.page.snapshot import THEORY_TTLS
from tests.dashboards.board_files import BOARDS, SCRAPE_SECONDS, load, panels

NAMES = ["cache-aside.json", "inside.json", "load.json", "ttl.json"]
HIDDEN = 2
each_board = pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)


def test_committed_dashboards_are_what_the_generator_writes():
    committed = {path.name: path.read_text(encoding="utf-8") for path in BOARDS}

    assert render_dashboards() == committed, "run: python -m dashboards.generator"


def test_there_are_exactly_four_dashboards():
    assert [path.name for path in BOARDS] == NAMES


@each_board
def test_dashboard_decodes_with_the_sdk_of_grafana(path):
    board = load(path)

    decoded = Dashboard.from_json(board)

    assert decoded.uid == board["uid"]
    assert len(decoded.panels) == len(board["panels"])


@each_board
def test_dashboard_can_be_imported_by_hand_too(path):
    text = path.read_text(encoding="utf-8")

    # File provisioning fills in no inputs, and a committed id would overwrite another dashboard.
    assert "__inputs" not in text
    assert "${DS_" not in text
    assert "id" not in load(path)


@each_board
def test_panels_name_the_grafana_version_of_their_options(path):
    """Before 11.1 a headline's chart had other options, and Grafana would migrate ours."""
    for panel in panels(load(path)):
        major, minor, _ = map(int, panel["pluginVersion"].split("."))
        assert (major, minor) >= (11, 1), panel["title"]


@each_board
def test_annotations_look_back_no_further_than_panels(path):
    """Their least step is the scrape interval, which panels get from the data source."""
    for mark in load(path)["annotations"]["list"]:
        if "expr" in mark:
            assert mark["target"]["interval"] == mark["step"] == f"{SCRAPE_SECONDS}s"


@each_board
def test_headlines_show_the_current_value_only(path):
    """After an outage, the last value of a range would remain for as long as the range lasts."""
    for panel in panels(load(path)):
        if panel["type"] == "stat":
            (target,) = panel["targets"]
            assert (target["instant"], target["range"]) == (True, False), panel["title"]


@each_board
def test_headlines_draw_no_curve_of_a_single_point(path):
    for panel in panels(load(path)):
        if panel["type"] == "stat":
            assert panel["options"]["graphMode"] == "none", panel["title"]


def test_table_has_no_row_for_a_ttl_that_was_not_measured():
    (table,) = (panel for panel in panels(load(BOARDS[3])) if panel["type"] == "table")

    # The theory curve has a point for each TTL of a fixed grid, measured or not.
    assert not any("loadtest_theory_hit_ratio" in target["expr"] for target in table["targets"])


def test_uids_are_stable():
    assert {path.stem: load(path)["uid"] for path in BOARDS} == {
        "cache-aside": "cache-aside",
        "ttl": "cache-aside-ttl",
        "load": "cache-aside-load",
        "inside": "cache-aside-inside",
    }


@each_board
def test_dashboards_link_to_one_another_and_keep_the_time_range(path):
    board = load(path)
    (link,) = board["links"]

    assert link["type"] == "dashboards"
    assert link["tags"] == board["tags"]
    assert link["keepTime"]
    assert link["includeVars"]


@each_board
def test_panels_fill_the_grid_without_overlap(path):
    taken = {}
    for panel in load(path)["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert taken.setdefault((x, y), panel["title"]) == panel["title"]


def test_the_main_panels_are_on_the_first_screen_at_1080p():
    """A grid unit is 38 px; browser and Grafana leave about 850 of 1080."""
    visible = {
        panel["title"]
        for panel in load(BOARDS[0])["panels"]
        if (panel["gridPos"]["y"] + panel["gridPos"]["h"]) * 38 <= 850
    }

    assert {"Hit ratio, measured and predicted", "Lookups by result", "TTL"} <= visible
    assert "Response time p99 by result" in visible


@each_board
def test_marks_fit_one_row_beside_the_choices(path):
    """At 1440 px there is room for the data source, two choices, two marks and one link."""
    board = load(path)
    shown = [item for item in board["templating"]["list"] if item.get("hide") != HIDDEN]

    assert [item["name"] for item in shown] == ["datasource", "replica", "generator"]
    assert [mark["name"] for mark in board["annotations"]["list"]] == ["Knobs", "Load"]
    assert board["links"][0]["asDropdown"]


@each_board
def test_a_mark_compares_with_one_step_ago_so_that_it_is_one_moment(path):
    for mark in load(path)["annotations"]["list"]:
        assert "offset $__interval" in mark["expr"]
        assert "$__rate_interval" not in mark["expr"]


@each_board
def test_an_empty_panel_says_why_or_what_to_do(path):
    for panel in panels(load(path)):
        words = panel["fieldConfig"]["defaults"]["noValue"]
        if panel["type"] == "stat":
            assert re.fullmatch(r"no (load|reads|fills|service)|none|unknown", words), panel[
                "title"
            ]
        else:
            assert len(words.split()) > 4, panel["title"]


@each_board
def test_headline_numbers_have_one_size(path):
    sizes = {
        panel["options"]["text"]["valueSize"]
        for panel in panels(load(path))
        if panel["type"] == "stat"
    }

    assert len(sizes) <= 1


@each_board
def test_latencies_are_on_logarithmic_axes_and_ratios_end_at_one(path):
    for panel in panels(load(path)):
        defaults = panel["fieldConfig"]["defaults"]
        if panel["type"] != "timeseries":
            continue
        if re.search("[Rr]esponse time|[Ll]ookup time|Time of|Slip", panel["title"]):
            assert defaults["custom"]["scaleDistribution"] == {"type": "log", "log": 10}
            assert "min" not in defaults
        if defaults["unit"] == "percentunit":
            assert (defaults["min"], defaults["max"]) == (0, 1)


@each_board
def test_an_axis_of_lines_that_are_zero_does_not_reach_to_a_hundred(path):
    """Grafana ends such an axis at 100, as if 100 errors a second were near."""
    for panel in panels(load(path)):
        defaults = panel["fieldConfig"]["defaults"]
        if panel["type"] == "timeseries" and "min" in defaults:
            soft = defaults["custom"].get("axisSoftMax", defaults.get("max"))
            assert soft <= (2**20 if defaults["unit"] == "bytes" else 3.2), panel["title"]


@each_board
def test_legends_are_tables_beside_the_panel_and_none_has_two_labels(path):
    for panel in panels(load(path)):
        if panel["type"] == "timeseries":
            legend = panel["options"]["legend"]
            assert (legend["displayMode"], legend["placement"]) == ("table", "right")
            assert legend["showLegend"] == (
                len(panel["targets"]) > 1 or "{{" in panel["targets"][0]["legendFormat"]
            )
            assert all(target["legendFormat"].count("{{") <= 1 for target in panel["targets"])


def test_results_are_stacked_from_what_the_cache_answered_to_what_failed():
    stacked = next(
        panel for panel in panels(load(BOARDS[0])) if panel["title"] == "Lookups by result"
    )

    assert [target["legendFormat"] for target in stacked["targets"]] == [
        *("hit", "near", "stale", "negative", "coalesced", "miss", "bypass", "error"),
    ]


def test_charts_against_ttl_always_have_the_ttl_in_force_as_a_point():
    """Without any point Grafana writes Err instead of the chart."""
    charts = [panel for panel in panels(load(BOARDS[3])) if panel["type"] == "xychart"]

    assert len(charts) == 5
    for chart in charts:
        assert 'count_values("ttl", max (cacheaside_ttl_seconds{' in chart["targets"][-1]["expr"]


def test_charts_against_ttl_name_what_they_measure_and_not_the_only_points_that_they_have():
    for chart in panels(load(BOARDS[3])):
        if chart["type"] == "xychart":
            named = chart["fieldConfig"]["defaults"]["custom"]["axisLabel"]
            assert chart["title"] == f"{named} against TTL"


def test_measurements_against_ttl_are_points_and_predictions_squares():
    """A line between points of unlike loads would show what nobody measured."""
    for chart in panels(load(BOARDS[3])):
        for override in chart["fieldConfig"]["overrides"] if chart["type"] == "xychart" else ():
            style = {item["id"]: item["value"] for item in override["properties"]}
            name = style["displayName"]
            if "custom.show" in style:
                assert style["custom.show"] == ("lines" if name == "theory" else "points")
                square = name.endswith(("predicted", "replay", "TTL now"))
                assert style["custom.pointShape"] == ("square" if square else "circle")


def test_theory_is_asked_for_where_load_generators_expose_it():
    assert set(GRID) == set(THEORY_TTLS)


def test_trouble_has_a_colour_and_alerts_their_limits():
    by_title = {
        panel["title"]: panel["fieldConfig"]["defaults"]
        for path in BOARDS
        for panel in panels(load(path))
    }
    limits = {
        title: defaults["thresholds"]["steps"][1]["value"]
        for title, defaults in by_title.items()
        if defaults.get("custom", {}).get("thresholdsStyle", {}).get("mode") == "dashed"
    }
    red = {
        title
        for title, defaults in by_title.items()
        if any(step["color"] == "red" for step in defaults.get("thresholds", {}).get("steps", ()))
        or defaults.get("mappings")
    }

    assert limits == {
        "Hit ratio, measured and predicted": 0.5,
        "Origin amplification": 3,
        "Lookups without an answer": 0.01,
        "Achieved share of the target": 0.95,
        "Slip": 0.005,
    }
    assert red - set(limits) == {
        *("Hit ratio", "Amplification", "Alerts firing", "Achieved share", "Dropped", "Slip p99"),
        *("Alerts that fired", "Breakers"),
    }

"""The committed JSON is what the generator writes, and what Grafana's own SDK can read."""

import pytest
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.generator.__main__ import render_dashboards
from tests.dashboards.board_files import BOARDS, SCRAPE_SECONDS, load, panels

NAMES = ["cache-aside.json", "inside.json", "load.json", "ttl.json"]
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

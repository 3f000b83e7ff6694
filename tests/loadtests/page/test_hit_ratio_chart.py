"""The chart of the hit ratio over time, and the series that it draws."""

import re
import xml.etree.ElementTree as ET

import pytest

from loadtests.page.hit_ratio.hit_ratio_chart import NARROW, WIDE, hit_ratio_chart
from loadtests.page.hit_ratio.hit_ratio_series import MOST_POINTS, series_of, step_seconds
from loadtests.page.snapshot import View
from loadtests.sender.timeline import Timeline
from tests.loadtests.page.views import tallies_each_second, view_of


def example():
    tallies = tallies_each_second([1, 2, 2.1, 5, 6], [0, 2.2, 5.5])
    return view_of(tallies, 8.0, (0.0, 2.0), (5.0, 1.0), recent_hit_ratio=0.5)


def test_each_point_is_the_hit_ratio_of_its_second():
    measured = series_of(example()).measured

    assert measured == [
        *((0.5, 0.0), (1.5, 1.0), (2.5, pytest.approx(2 / 3)), (3.5, None), (4.5, None)),
        *((5.5, 0.5), (6.5, 1.0), (7.5, None)),
    ]


def test_theory_is_that_of_each_part_from_its_beginning_to_its_end():
    series = series_of(example())

    # One item, one lookup a second: T / (1 + T).
    assert series.theory == [(0.0, 5.0, pytest.approx(2 / 3)), (5.0, 8.0, pytest.approx(1 / 2))]
    assert series.cold == [(0.0, 3.0), (5.0, 7.0)]
    assert [(change.at, change.words) for change in series.changes] == [(5.0, "ttl_seconds 2 → 1")]


def test_a_long_run_has_no_more_points_than_a_screen_can_show():
    timeline = Timeline()

    assert step_seconds(timeline, 60.0) == 1
    assert step_seconds(timeline, 1200.0) == 10
    assert 86_400 / step_seconds(timeline, 86_400.0) <= MOST_POINTS


def paths(drawing, name):
    return re.findall(f'class="{name}" d="([^"]+)"', drawing)


def test_measured_and_theory_are_drawn_as_lines_that_break_where_nothing_is_known():
    drawing = hit_ratio_chart(series_of(example()))

    assert len(paths(drawing, "measured")) == 2
    assert len(paths(drawing, "theory")) == 2
    assert "theory 50.0 %" in drawing
    assert "ttl_seconds 2 → 1" in drawing


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("view", [View(), example()], ids=["before a run", "run"])
def test_the_chart_is_valid_svg_within_its_width(view, width):
    drawing = ET.fromstring(hit_ratio_chart(series_of(view), width))

    assert drawing.get("viewBox") == f"0 0 {width} 300"
    for text in drawing.iter("{http://www.w3.org/2000/svg}text"):
        place, length = float(text.get("x")), 6.5 * len(text.text)
        begins = place - {"start": 0, "middle": 0.5, "end": 1}[text.get("text-anchor")] * length
        assert begins >= -10
        assert begins + length <= width + 10


def test_lines_differ_by_dash_as_well_as_by_colour():
    drawing = hit_ratio_chart(series_of(example()))

    (theory,) = set(re.findall(r'class="theory"[^>]*stroke-dasharray="([^"]+)"', drawing))
    assert theory
    assert not re.findall(r'class="measured"[^>]*stroke-dasharray', drawing)

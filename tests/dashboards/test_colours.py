"""One colour for one word, which everybody can tell from others, on grey printouts too."""

import colorsys
import itertools

import pytest

from dashboards.generator.colours import (
    COLOURS,
    DARK_RED,
    RED,
    WORDS_OF_LABEL,
    words_of_legend,
)
from loadtests.sender.samples import RESULTS
from loadtests.service_under_test.contract import UNKNOWN_RESULT
from tests.dashboards.board_files import BOARDS, load, panels

# The dashboards show our own service, which always says how a lookup ended.
SAID = [word for word in RESULTS if word != UNKNOWN_RESULT]
NAMES_OF_PROGRAMS = {"{{instance}}", "{{dependency}}", "{{alertname}}"}
BAD = {
    *("stale", "miss", "bypass", "error", "failed", "dropped", "loads", "loads for each fill"),
    *("stale reads", "staleness of stale reads", "no answer", "Redis", "store", "evicted"),
    *("refused", "redundant", "deferred", "abandoned", "503", "limit", "slip", "alerts"),
    "pending",
}
CHARTS = [
    panel
    for path in BOARDS
    for panel in panels(load(path))
    if panel["type"] in {"timeseries", "xychart"}
]
each_chart = pytest.mark.parametrize("panel", CHARTS, ids=lambda panel: panel["title"])


def channels(colour):
    """Return red, green and blue, 0 to 255."""
    return tuple(bytes.fromhex(colour.removeprefix("#")))


def luma(colour):
    """Return the brightness of a colour in grey, 0 to 255 (ITU-R BT.601)."""
    red, green, blue = channels(colour)
    return 0.299 * red + 0.587 * green + 0.114 * blue


def is_green(colour):
    """Return whether somebody would call a colour green."""
    hue, _, saturation = colorsys.rgb_to_hls(*(channel / 255 for channel in channels(colour)))
    return 70 / 360 < hue < 170 / 360 and saturation > 0.2


def painted(panel):
    """Return the colour of each name or query that a panel overrides."""
    return {
        override["matcher"]["options"]: setting["value"]["fixedColor"]
        for override in panel["fieldConfig"]["overrides"]
        for setting in override["properties"]
        if setting["id"] == "color"
    }


def named(panel):
    """Return the name of each query of a chart against the TTL."""
    return {
        override["matcher"]["options"]: setting["value"]
        for override in panel["fieldConfig"]["overrides"]
        if override["matcher"]["id"] == "byFrameRefID"
        for setting in override["properties"]
        if setting["id"] == "displayName"
    }


@each_chart
def test_every_line_has_the_one_colour_of_its_word(panel):
    colours = painted(panel)
    if panel["type"] == "xychart":
        words = named(panel)
        assert len(words) == len(panel["targets"])
        assert {ref: COLOURS[word] for ref, word in words.items()} == colours
        return
    legends = {target["legendFormat"] for target in panel["targets"]} - NAMES_OF_PROGRAMS
    words = {word for legend in legends for word in words_of_legend(legend)}

    assert words or not legends
    assert {word: COLOURS[word] for word in words} == colours


def test_nothing_bad_is_green():
    assert {word for word in BAD if is_green(COLOURS[word])} == set()
    assert is_green(COLOURS["hit"])


def test_red_is_for_what_is_bad():
    red = {word for word, colour in COLOURS.items() if colour in {RED, DARK_RED}}

    assert red - BAD == set()


def test_words_of_the_label_result_are_those_of_the_load_generator():
    assert set(WORDS_OF_LABEL["result"]) == set(SAID)


def test_results_differ_in_brightness_and_not_in_hue_alone():
    shades = sorted((luma(COLOURS[result]), result) for result in SAID)

    for (darker, one), (lighter, other) in itertools.pairwise(shades):
        assert lighter - darker >= 12, (one, other)

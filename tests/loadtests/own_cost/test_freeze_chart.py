"""The chart of a freeze."""

import xml.etree.ElementTree as ET

import numpy as np

from loadtests.own_cost.freeze_chart import CURVES, chart
from loadtests.sender.samples import SAMPLE_DTYPE


def run(*seconds):
    samples = np.zeros(len(seconds), dtype=SAMPLE_DTYPE)
    samples["response"] = samples["service"] = seconds
    return samples


def test_each_curve_is_drawn_and_named():
    drawing = ET.fromstring(chart([run(0.001, 4.0), run(0.002, np.nan), run(0.001)]))

    kinds = [element.tag.rpartition("}")[2] for element in drawing]
    texts = [element.text for element in drawing]
    assert kinds.count("polyline") == len(CURVES)
    assert {name for name, *_ in CURVES} <= set(texts)


def test_a_slower_run_lies_further_right():
    drawing = ET.fromstring(chart([run(4.0), run(0.001), run(0.001)]))

    lines = [element.get("points") for element in drawing if element.get("points")]
    across = [float(points.split(",")[0]) for points in lines]
    assert across[0] > across[3]

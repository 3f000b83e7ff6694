"""The colours of results, which everybody must be able to distinguish, on grey printouts too."""

import itertools

from dashboards.generator.panels import COLOURS
from loadtests.sender.samples import RESULTS


def luma(colour):
    """Return the brightness of a colour in grey, 0 to 255 (ITU-R BT.601)."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_every_result_has_a_colour():
    assert set(COLOURS) == set(RESULTS)


def test_results_differ_in_brightness_and_not_in_hue_alone():
    shades = sorted((luma(colour), result) for result, colour in COLOURS.items())

    for (darker, one), (lighter, other) in itertools.pairwise(shades):
        assert lighter - darker >= 12, (one, other)

"""Why a figure of a run is unknown, in words for its place on the page."""

import math

from loadtests.output.figure_text import percent_text
from loadtests.page.snapshot import View
from loadtests.run.run_parts import PartFigures
from loadtests.service_under_test.contract import says_enough

_NO_TTL = "unknown without the TTL: give --ttl-seconds"


def why_no_ratio(view: View) -> str:
    """Return why there is no hit ratio."""
    if says_enough(view.tallies.results()):
        return "no lookups of the cache yet"
    if view.key_hit_ratio is not None:
        found = percent_text(view.key_hit_ratio)
        return f"{found} over the run by {view.keys_told_by}; the answers do not say"
    return "unknown: the answers do not say whether they came from a cache"


def why_no_prediction(view: View) -> str:
    """Return why there is no prediction."""
    if view.target and not any("ttl_seconds" in figures.part.knobs for figures in view.parts):
        return _NO_TTL
    return "no formula for these settings"


def why_cold(view: View, figures: PartFigures, *, is_past: bool) -> str:
    """Return why a part has no warm hit ratio."""
    warm_from = figures.part.warm_from
    if math.isinf(warm_from):
        return _NO_TTL if view.target else "unknown: the service's knobs could not be read"
    if is_past or view.has_ended:
        return "cold: it ended before the cache was warm"
    return f"cold: warm in {warm_from - figures.ends:.0f} s"

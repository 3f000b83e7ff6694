"""The TTL at which theory expects a hit ratio (docs/theory.md F1)."""

import math
from collections.abc import Mapping

from loadtests.experiments.plan.fields import LONGEST_TTL_SECONDS, SHORTEST_TTL_SECONDS, PlanError
from loadtests.prediction.steady_state import Traffic, predicted_hit_ratio
from loadtests.service_under_test.contract import Knob

_HALVINGS = 40


def ttl_for(traffic: Traffic, knobs: Mapping[str, Knob], hit_ratio: float) -> float:
    """Return the TTL in seconds, in whole milliseconds as the service keeps it.

    Args:
        traffic: What is asked for, and how often.
        knobs: Those of the run but the TTL.
        hit_ratio: The wanted ratio, between 0 and 1.

    Raises:
        PlanError: There is no formula for this traffic, or no TTL reaches the ratio.
    """
    low, high = SHORTEST_TTL_SECONDS, float(LONGEST_TTL_SECONDS)
    # Ids that are asked for once come again within the longest TTLs, which have no formula then.
    while (highest := _expected(traffic, knobs, high)) is None and high > low:
        high /= 2
    if highest is None:
        raise PlanError(
            "--hit-ratio: theory has no formula for this traffic and these knobs; "
            "give --ttl-seconds instead"
        )
    if highest < hit_ratio:
        raise PlanError(
            f"--hit-ratio: no TTL reaches {hit_ratio:g} with this traffic, the highest is "
            f"{highest:.3f}; ask for less"
        )
    for _ in range(_HALVINGS):
        middle = math.sqrt(low * high)
        expected = _expected(traffic, knobs, middle)
        if expected is None or expected < hit_ratio:  # Short TTLs are what has no formula.
            low = middle
        else:
            high = middle
    return max(SHORTEST_TTL_SECONDS, round(high, 3))


def _expected(traffic: Traffic, knobs: Mapping[str, Knob], ttl_seconds: float) -> float | None:
    return predicted_hit_ratio(traffic, {**knobs, "ttl_seconds": ttl_seconds})

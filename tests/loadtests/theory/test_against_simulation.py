"""Formulas compared with an event-by-event simulation that uses none of them.

The simulated numbers are those of long runs, written out; a short run checks them again.
"""

import numpy as np
import pytest

from loadtests.theory import window
from tests.loadtests.theory import simulation


def simulated(run, times):
    """Return the shares of results over many runs of a simulation."""
    counts = [run() for _ in range(times)]
    total = sum(sum(count.values()) for count in counts)
    return {name: sum(count[name] for count in counts) / total for name in counts[0]}


STALE = [
    # TTL, grace, fill, rate, window; shares of hits with stale answers, and of misses.
    ((1.0, 3.0, 0.0, 0.5, (1.5, 13.5)), 0.8263, 0.1737),
    ((1.0, 3.0, 0.0, 0.5, (6.0, 18.0)), 0.8514, 0.1486),
    ((1.0, 3.0, 0.05, 0.5, (1.5, 13.5)), 0.8241, 0.1716),
    ((1.0, 0.4, 0.2, 2.0, (2.1, 12.1)), 0.8022, 0.1327),
    ((2.0, 1.0, 0.1, 1.0, (4.5, 24.5)), 0.8691, 0.1184),
]


@pytest.mark.parametrize(("case", "hit", "miss"), STALE, ids=str)
def test_window_under_stale_serving_matches_the_simulation(case, hit, miss):
    ttl_seconds, grace, fill_seconds, rate, span = case

    expected = window.stale_served(np.array([rate]), ttl_seconds, grace, fill_seconds, span)

    assert expected.hit_ratio == pytest.approx(hit, abs=3e-4)
    assert 1 - expected.offload_ratio == pytest.approx(miss, abs=3e-4)


@pytest.mark.parametrize(("case", "hit", "miss"), STALE[::3], ids=str)
def test_simulation_of_stale_serving_still_gives_its_numbers(case, hit, miss):
    ttl_seconds, grace, fill_seconds, rate, span = case
    draw = np.random.default_rng(3)

    shares = simulated(
        lambda: simulation.stale_while_revalidate(
            draw, rate, ttl_seconds, grace, fill_seconds, span
        ),
        5000,
    )

    assert shares["hit"] + shares["stale"] == pytest.approx(hit, abs=0.008)
    assert shares["miss"] == pytest.approx(miss, abs=0.008)

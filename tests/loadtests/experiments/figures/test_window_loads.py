"""How long loads took within the window, from the conditions read at its edges."""

from dataclasses import replace

import pytest

from loadtests.experiments.figures.window_loads import loads_in_window


@pytest.fixture
def with_loads(record):
    """Return a function that makes a record whose readings saw these loads and seconds."""

    def make(*loads):
        made = record()
        conditions = [
            replace(
                made.conditions[0],
                service=replace(made.conditions[0].service, loads=count, load_seconds=seconds),
            )
            for count, seconds in loads
        ]
        return replace(made, conditions=conditions)

    return make


def test_loads_before_the_window_and_after_it_do_not_count(with_loads):
    found = loads_in_window(with_loads((0, 0), (10, 5.0), (20, 5.2), (40, 6.2), (99, 90.0)))

    assert found.loads == 30
    assert found.mean_seconds == pytest.approx(0.04)
    assert found.batch_seconds == pytest.approx([0.02, 0.05])


def test_trial_that_is_measured_whole_counts_all_its_loads(with_loads):
    whole = replace(with_loads((0, 0), (10, 5.0)), window=None)

    assert loads_in_window(whole).mean_seconds == 0.5


@pytest.mark.parametrize(
    "readings", [[], [(1, 1.0)], [(0, 0)] * 4, [(5, 1.0), (5, 1.0), (2, 0.1), (2, 0.1)]]
)
def test_window_without_loads_or_with_a_restart_has_no_mean(with_loads, readings):
    found = loads_in_window(with_loads(*readings))

    assert (found.loads, found.mean_seconds) == (0, None)

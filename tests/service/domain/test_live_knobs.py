"""The knobs in force, and the clock by which ages are known."""

import runpy
import time

import pytest

from service.domain import live_knobs
from service.domain.knobs import Knobs
from tests.service.fakes import RecordingObserver

DAY = 86_400.0


class WallClock:
    """A clock of the machine that can be set."""

    def __init__(self):
        self.step, self._was = 0.0, time.time

    def __call__(self):
        return self._was() + self.step


@pytest.fixture
def wall(monkeypatch):
    wall = WallClock()
    monkeypatch.setattr(time, "time", wall)
    return wall


@pytest.mark.parametrize("step", [DAY, -DAY, 3600.0, -3600.0])
def test_a_clock_that_is_set_makes_ages_known_neither_sooner_nor_later(wall, step):
    # A module of its own, whose defaults are taken from this clock.
    live = runpy.run_path(live_knobs.__file__)["LiveKnobs"](Knobs(), RecordingObserver())
    before = live.unix_seconds()
    known_at = live.ages_known_after(Knobs().with_changes({"ttl_seconds": 5}))
    wall.step = step

    assert known_at - before == pytest.approx(61.0, abs=0.5)
    assert live.unix_seconds() - before == pytest.approx(0.0, abs=5.0)

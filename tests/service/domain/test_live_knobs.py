"""The knobs in force, and the clock by which ages are known."""

import time

import pytest

from service.domain.knobs import Knobs
from service.domain.live_knobs import LiveKnobs
from tests.service.fakes import RecordingObserver

DAY = 86_400.0


@pytest.mark.parametrize("step", [DAY, -DAY, 3600.0, -3600.0])
def test_a_clock_that_is_set_makes_ages_known_neither_sooner_nor_later(monkeypatch, step):
    live = LiveKnobs(Knobs(), RecordingObserver())
    before, known_at = (
        live.unix_seconds(),
        live.ages_known_after(Knobs().with_changes({"ttl_seconds": 5})),
    )
    was = time.time
    monkeypatch.setattr(time, "time", lambda: was() + step)

    assert known_at - before == pytest.approx(61.0, abs=0.5)
    assert live.unix_seconds() - before == pytest.approx(0.0, abs=5.0)

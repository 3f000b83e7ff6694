"""The hit ratio of the last ten seconds, from counts since the start of a run."""

import pytest

from loadtests.page.hit_ratio import recent_hit_ratio
from loadtests.page.hit_ratio.recent_hit_ratio import RecentHitRatio


class Clock:
    """Stands still until it is set."""

    seconds = 0.0

    def monotonic(self):
        return self.seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(recent_hit_ratio, "time", clock)
    return clock


@pytest.fixture
def recent(clock):
    """Return what saw ten misses in the first second."""
    recent = RecentHitRatio()
    recent.after({"hit": 0, "miss": 0})
    clock.seconds = 1.0
    recent.after({"hit": 0, "miss": 10})
    return recent


def test_what_happened_longer_ago_than_ten_seconds_does_not_count(clock, recent):
    clock.seconds = 5.0
    assert recent.after({"hit": 10, "miss": 10}) == 0.5

    clock.seconds = 11.0

    assert recent.after({"hit": 30, "miss": 10}) == 1.0


def test_without_lookups_there_is_none(clock, recent):
    for clock.seconds in (5.0, 16.0):
        ratio = recent.after({"hit": 0, "miss": 10})

    assert ratio is None


def test_run_that_begins_forgets_the_one_before(clock, recent):
    clock.seconds = 2.0
    recent.after({"hit": 0, "miss": 0})
    clock.seconds = 3.0

    assert recent.after({"hit": 5, "miss": 0}) == 1.0


def test_answers_that_do_not_say_leave_it_unknown(clock, recent):
    clock.seconds = 2.0

    assert recent.after({"hit": 5, "miss": 10, "unknown": 5}) is None

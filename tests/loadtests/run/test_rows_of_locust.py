"""The rows of Locust's statistics stay small in a long run, and tell what they told before."""

from argparse import Namespace
from types import SimpleNamespace

import pytest
from locust.stats import RequestStats, StatsEntry

from loadtests.run.typed_locust import keep_rows_small


@pytest.fixture(autouse=True)
def locust_as_it_was(monkeypatch):
    monkeypatch.setattr(StatsEntry, "_cache_response_times", StatsEntry._cache_response_times)


@pytest.fixture
def log(monkeypatch):
    """Logs a request of a row at a second, in statistics of their own."""
    now = {"second": 0}
    monkeypatch.setattr("locust.stats.time", SimpleNamespace(time=lambda: float(now["second"])))
    stats = RequestStats()

    def log(second, name="hit", milliseconds=2):
        now["second"] = second
        stats.log_request("GET", name, milliseconds, 10)
        stats.log_error("GET", name, "refused")
        return stats

    return log


def keep_small(*, full_history=False):
    keep_rows_small(SimpleNamespace(parsed_options=Namespace(stats_history_enabled=full_history)))


def test_requests_of_each_second_are_kept_for_one_to_two_minutes(log):
    keep_small()
    for second in range(1000, 1600):
        stats = log(second)

    row = stats.entries["hit", "GET"]
    for counts in (row.num_reqs_per_sec, row.num_fail_per_sec, stats.total.num_reqs_per_sec):
        assert 60 <= len(counts) <= 121
        assert max(counts) == 1599
    assert row.num_requests == row.num_failures == 600


def test_current_rate_and_total_rate_stay_what_they_were(log):
    keep_small()
    for second in range(1000, 1600):
        for _ in range(3):
            stats = log(second)

    assert stats.entries["hit", "GET"].current_rps == pytest.approx(3.0)
    assert stats.total.current_rps == pytest.approx(3.0)


def test_only_the_total_has_copies_of_its_response_times(log):
    keep_small()
    for second in range(1000, 1060):
        stats = log(second, milliseconds=second - 990)

    assert len(stats.total.response_times_cache) == 20
    assert stats.total.get_current_response_time_percentile(0.5) == pytest.approx(64, abs=6)
    assert not stats.entries["hit", "GET"].response_times_cache


def test_statistics_that_are_made_later_have_copies_of_the_total_too():
    keep_small()
    stats = RequestStats()
    stats.clear_all()

    assert len(stats.total.response_times_cache) == 1


def test_full_history_of_the_rows_has_copies_of_each(log):
    keep_small(full_history=True)
    for second in range(1000, 1060):
        stats = log(second)

    assert len(stats.entries["hit", "GET"].response_times_cache) == 20

"""Counting lookups and adding up processes."""

import pytest

from loadtests.sender.oracle import Judgement, Verdict
from loadtests.sender.samples import RESULT_INDEX
from loadtests.sender.tallies import Tallies, add_up

SCENARIOS = ["ReadHeavy", "HotKey"]


def row(result, *, intended=1.0, response=0.002, service=0.001, scenario=0):
    return (intended, response, service, RESULT_INDEX[result], scenario)


def fold(*rows):
    tallies = Tallies(rows=list(rows))
    tallies.fold(SCENARIOS, started_at=100.0)
    return tallies


def test_each_lookup_counts_in_exactly_one_result():
    tallies = fold(row("hit"), row("hit"), row("miss"), row("dropped", service=float("nan")))

    counts = tallies.results()

    assert counts["hit"] == 2
    assert sum(counts.values()) == 4


def test_folding_returns_the_samples_in_unix_time():
    tallies = Tallies(rows=[row("stale", intended=2.5)])

    samples = tallies.fold(SCENARIOS, started_at=100.0)

    assert samples["intended"].tolist() == [102.5]
    assert samples["result"].tolist() == [RESULT_INDEX["stale"]]
    assert samples["response"][0] == pytest.approx(0.002)
    assert tallies.rows == []


def test_folding_no_rows_returns_no_samples():
    assert Tallies().fold(SCENARIOS, started_at=0.0).size == 0


def test_hit_ratio_leaves_out_lookups_that_never_reached_the_cache():
    words = ("hit", "near", "stale", "negative", "miss", "coalesced", "bypass", "error", "failed")

    assert fold(*map(row, words)).hit_ratio() == pytest.approx(4 / 6)


def test_hit_ratio_without_cache_lookups_is_unknown():
    assert fold(row("bypass")).hit_ratio() is None


def test_slip_is_response_time_minus_service_time():
    assert fold(row("hit", response=0.5, service=0.1)).slip.quantile(0.5) == pytest.approx(
        0.4, abs=0.001
    )


def test_a_dropped_lookup_has_a_response_time_and_no_service_time():
    tallies = fold(row("dropped", response=31.0, service=float("nan")))

    clocks = tallies.by_row["ReadHeavy", "dropped"]

    assert clocks.response.quantile(0.5) == pytest.approx(31.0, rel=0.01)
    assert clocks.service.count == 0
    assert tallies.dropped == 1


def test_scenarios_are_counted_separately():
    tallies = fold(row("hit"), row("hit", scenario=1))

    assert set(tallies.by_row) == {("ReadHeavy", "hit"), ("HotKey", "hit")}


def test_a_regressed_read_is_stale_too():
    tallies = Tallies()

    tallies.judge(Judgement(Verdict.STALE, 1.0))
    tallies.judge(Judgement(Verdict.REGRESSED, 2.0))
    tallies.judge(Judgement(Verdict.NEVER_WRITTEN))
    tallies.judge(Judgement(Verdict.FRESH))

    assert tallies.judged_reads == 4
    assert tallies.stale_reads == 2
    assert tallies.regressed_reads == tallies.never_written_reads == 1


def test_share_of_stale_reads_and_of_visible_writes_is_unknown_without_reads():
    tallies = Tallies()
    assert (tallies.stale_ratio, tallies.visible_ratio) == (None, None)

    for shows_write in (True, True, True, False, None):
        tallies.judge(Judgement(Verdict.FRESH, None, shows_write))

    assert (tallies.stale_ratio, tallies.visible_ratio) == (0.0, 0.75)


def test_tallies_of_processes_add_up_at_the_master():
    one, two = fold(row("hit"), row("miss")), fold(row("hit", scenario=1))
    one.arrivals, two.arrivals = 2, 1
    one.cpu_ratio, two.cpu_ratio = 0.2, 0.7

    total = add_up([one.to_message(), two.to_message()])

    assert total.arrivals == 3
    assert total.results()["hit"] == 2
    assert total.slip.count == 3
    assert total.cpu_ratio == 0.7


def test_a_report_that_arrives_twice_counts_once():
    report = fold(row("hit")).to_message()

    assert add_up({"worker": report}.values()).completed == 1


def test_figures_are_unknown_without_reports():
    total = add_up([])

    assert total.hit_ratio() is None
    assert total.cpu_ratio is None


def test_tallies_since_a_reset_are_the_difference():
    tallies = fold(row("hit"), row("miss"))
    tallies.arrivals = 2
    earlier = add_up([tallies.to_message()])
    tallies.rows = [row("hit")]
    tallies.fold(SCENARIOS, started_at=100.0)
    tallies.arrivals = 3

    later = tallies.since(earlier)

    assert later.arrivals == 1
    assert (later.results()["hit"], later.results()["miss"]) == (1, 0)
    assert later.slip.count == 1
    assert tallies.results()["hit"] == 2


def test_a_result_counted_only_before_a_reset_keeps_its_row():
    assert Tallies().since(fold(row("miss"))).by_row.keys() == {("ReadHeavy", "miss")}


def test_failed_and_dropped_writes_count_with_the_lookups():
    tallies = fold(row("dropped", service=float("nan")), row("failed"), row("hit"))
    tallies.writes, tallies.failed_writes, tallies.dropped_writes = 5, 2, 3

    assert (tallies.dropped, tallies.failed, tallies.completed) == (4, 3, 6)

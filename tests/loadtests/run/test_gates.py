"""The gates for CI, and the summary of a run."""

import pytest

from loadtests.run.closing import closing_line
from loadtests.run.gates import Gates, achieved_ratio
from loadtests.run.outcome import Outcome, summarise
from loadtests.sender.samples import RESULT_INDEX, RESULTS
from loadtests.sender.tallies import Tallies
from tests.loadtests.settings_for import settings

NO_GATES = Gates(None, None, None, None)


def outcome(*words, response=0.002, **given):
    rows = [(0.0, response, 0.001, RESULT_INDEX[word], 0) for word in words]
    tallies = Tallies(rows=rows, arrivals=len(rows))
    tallies.fold(["ReadHeavy"], 0.0)
    return Outcome(settings(), tallies, 1.0, 2.0, None, {}, **given)


def test_without_gates_everything_passes():
    assert NO_GATES.failures(outcome("failed")) == []


def test_a_missed_gate_states_the_difference():
    gates = Gates(0.9, None, None, None)

    assert gates.failures(outcome("hit", "miss")) == ["gate: hit ratio 0.5 is 0.4 below 0.9"]


def test_a_gate_that_is_just_reached_passes():
    assert Gates(0.5, None, None, None).failures(outcome("hit", "miss")) == []


def test_the_p99_gate_compares_response_times_in_milliseconds():
    gates = Gates(None, 100.0, None, None)

    assert gates.failures(outcome("hit", response=0.05)) == []
    assert "above 100" in gates.failures(outcome("hit", response=0.3))[0]


def test_an_unknown_figure_fails_its_gate():
    gates = Gates(0.1, None, 0, None)

    assert gates.failures(outcome("bypass")) == [
        "gate: hit ratio is unknown, but must be at least 0.1",
        "gate: stale reads is unknown, but must be at most 0",
    ]


@pytest.mark.parametrize(("bypassed", "passes"), [(1, True), (2, False)])
def test_hit_ratio_that_leaves_out_more_than_one_lookup_in_a_thousand_fails_its_gate(
    bypassed, passes
):
    ended = outcome(*["hit"] * 999, *["bypass"] * bypassed)

    failures = Gates(0.5, None, None, None).failures(ended)

    why = (
        "gate: the hit ratio leaves out 0.20 % of the lookups, which bypassed the cache or failed, "
        "but must leave out at most 0.1 %"
    )
    assert failures == ([] if passes else [why])
    assert NO_GATES.failures(ended) == []
    assert f"{bypassed} bypassed the cache, 0 errors" in closing_line(ended)


def test_stale_reads_are_counted():
    ended = outcome("hit")
    ended.tallies.judged_reads, ended.tallies.stale_reads = 10, 3

    assert Gates(None, None, 1, None).failures(ended) == ["gate: stale reads 3 is 2 above 1"]


@pytest.mark.parametrize(
    ("words", "backlog", "overdue", "expected"),
    [
        (["hit"] * 10, 0, 0, 1.0),
        (["hit"] * 9 + ["failed"], 0, 0, 0.9),
        (["hit"] * 9 + ["dropped"], 0, 0, 0.9),
        (["hit"] * 10, 4, 0, 0.6),
        (["hit"] * 10, 0, 10, 0.5),
    ],
    ids=["all done", "failed", "dropped", "still in flight at the end", "generator too slow"],
)
def test_achieved_ratio_is_the_share_of_due_requests_that_were_done(
    words, backlog, overdue, expected
):
    ended = outcome(*words)
    ended.tallies.backlog, ended.tallies.overdue = backlog, overdue

    assert achieved_ratio(ended) == pytest.approx(expected)


def test_figures_of_a_run_that_lost_a_worker_are_unknown():
    ended = outcome(*["hit"] * 10, unreported=("worker a went away",))
    ended.tallies.judged_reads = 10

    assert Gates(None, None, 0, 0.9).failures(ended) == [
        "gate: stale reads is unknown, but must be at most 0",
        "gate: achieved ratio is unknown, but must be at least 0.9",
    ]


def test_achieved_ratio_is_unknown_when_nothing_was_due():
    assert achieved_ratio(outcome()) is None


def test_a_summary_names_every_result_and_leaves_unknowns_null():
    summary = summarise(outcome("bypass"))

    assert set(summary["results"]) == set(RESULTS)
    for name in ("hit_ratio", "stale_reads", "impossible_reads", "predicted_hit_ratio"):
        assert summary[name] is None


def test_a_summary_of_nothing_has_no_slip():
    assert summarise(outcome())["slip_p99_seconds"] is None


@pytest.mark.parametrize(("fenced", "impossible"), [(True, 3), (False, 1)])
def test_a_regressed_read_is_impossible_only_with_fencing(fenced, impossible):
    ended = outcome("hit", fenced=fenced)
    ended.tallies.judged_reads = 10
    ended.tallies.never_written_reads, ended.tallies.regressed_reads = 1, 2

    assert summarise(ended)["impossible_reads"] == impossible


def test_a_run_that_sent_nothing_passes_no_gate_and_states_why():
    ended = outcome()

    assert len(Gates(0.1, 100.0, 0, 0.5).failures(ended)) == 4
    assert closing_line(ended).startswith("no load was sent")


@pytest.mark.parametrize(("slow", "fails"), [(3, True), (0, False)])
def test_the_p99_gate_looks_at_the_99th_percentile(slow, fails):
    fast = [(0.0, 0.002, 0.001, RESULT_INDEX["hit"], 0)] * (100 - slow)
    tallies = Tallies(rows=fast + [(0.0, 1.0, 0.001, RESULT_INDEX["hit"], 0)] * slow, arrivals=100)
    tallies.fold(["ReadHeavy"], 0.0)
    ended = Outcome(settings(), tallies, 1.0, 2.0, None, {})

    assert bool(Gates(None, 100.0, None, None).failures(ended)) == fails


def test_the_p99_gate_ignores_the_slowest_one_in_two_hundred():
    rows = [(0.0, 0.002, 0.001, RESULT_INDEX["hit"], 0)] * 199
    tallies = Tallies(rows=[*rows, (0.0, 9.0, 0.001, RESULT_INDEX["hit"], 0)], arrivals=200)
    tallies.fold(["ReadHeavy"], 0.0)
    ended = Outcome(settings(), tallies, 1.0, 2.0, None, {})

    assert Gates(None, 100.0, None, None).failures(ended) == []

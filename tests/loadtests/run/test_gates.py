"""The gates for CI, and the summary of a run."""

import pytest

from loadtests.run.closing import closing_lines
from loadtests.run.gates import Gates, achieved_ratio
from loadtests.run.outcome import Outcome, summarise
from loadtests.run.run_parts import Parts, Sent
from loadtests.sender.samples import RESULT_INDEX, RESULTS
from loadtests.sender.tallies import Tallies
from tests.loadtests.settings_for import settings

NO_GATES = Gates(None, None, None, None)


def counted(*words, due=20.0, response=0.002):
    rows = [(due, response, 0.001, RESULT_INDEX[word], 0) for word in words]
    tallies = Tallies(rows=rows, arrivals=len(rows))
    tallies.fold(["ReadHeavy"], 0.0)
    return tallies


def outcome(*words, due=20.0, response=0.002, ttl_seconds=10.0, ended=40.0, **given):
    """Return a run of 40 s whose lookups were due when its cache had been warm for 5 s."""
    tallies = counted(*words, due=due, response=response)
    parts = Parts()
    parts.note(0.0, {"ttl_seconds": ttl_seconds}, Sent())
    figures = parts.figures(tallies.timeline, ended)
    return Outcome(settings(), tallies, 1.0, 1.0 + ended, {}, figures, **given)


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


def test_the_hit_ratio_gate_judges_the_warm_cache_alone():
    ended = outcome("hit", "hit", "hit", "miss")
    ended.tallies.timeline.merge(counted("miss", "miss", due=3.0).timeline)

    assert Gates(0.75, None, None, None).failures(ended) == []


def test_the_p99_gate_judges_the_warm_cache_alone_if_there_was_time_for_it():
    slow_at_first = outcome("miss", response=0.3, warm_tallies=counted("hit", response=0.05))

    assert Gates(None, 100.0, None, None).failures(slow_at_first) == []


def test_a_run_whose_answers_say_nothing_has_no_hit_ratio_to_judge():
    (sentence,) = Gates(0.1, None, None, None).failures(outcome("unknown", "unknown", "hit"))

    assert sentence == (
        "gate: hit ratio is unknown, but must be at least 0.1; the answers do not say whether they"
        " came from a cache: name what says it with --target-result"
    )


def test_a_run_that_was_cold_to_its_end_has_no_hit_ratio_to_judge():
    cold = outcome("hit", ended=14.0)

    (sentence,) = Gates(0.1, None, None, None).failures(cold)
    assert sentence == (
        "gate: hit ratio is unknown, but must be at least 0.1; the cache is warm only 15 s after"
        " the start of the run, which ended after 14 s: run longer, or lower --ttl-seconds"
    )


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
    assert f"{bypassed} bypassed the cache, 0 errors" in closing_lines(ended)[0]


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
    assert closing_lines(ended)[0].startswith("no load was sent")


def test_the_closing_line_puts_the_warm_hit_ratio_beside_the_prediction():
    ended = outcome("hit", "hit", "hit", "miss", "miss", due=20.0)

    (line,) = closing_lines(ended)

    assert line.startswith(
        "hit ratio 60.0 % while warm from 15 s on, predicted unknown, whole run 60.0 %,"
        " begun with the cache empty, slip p99 1.0 ms"
    )


def test_the_closing_line_says_that_a_run_was_cold():
    (line,) = closing_lines(outcome("hit", "miss", due=3.0, ended=12.0, began_empty=False))

    assert line.startswith(
        "hit ratio 50.0 %, cold (warm only 15 s after the start), predicted unknown once warm,"
        " whole run 50.0 %, begun with the cache as it was"
    )


def test_each_part_of_a_run_has_its_own_closing_line():
    parts = Parts()
    parts.note(0.0, {"ttl_seconds": 2.0}, Sent())
    parts.note(8.0, {"ttl_seconds": 10.0}, Sent())
    tallies = counted("hit", "miss", due=5.0)
    ended = Outcome(settings(), tallies, 1.0, 13.0, {}, parts.figures(tallies.timeline, 12.0))

    whole, first, second = closing_lines(ended)

    assert whole.startswith("hit ratio 50.0 % while warm in 2 parts, whole run 50.0 %")
    assert first == (
        "from 0 s (as it began): hit ratio 50.0 % while warm from 3 s on, predicted unknown"
    )
    assert second == (
        "from 8 s (ttl_seconds 2 → 10): hit ratio unknown, cold (warm only 23 s after the"
        " start), predicted unknown once warm"
    )


@pytest.mark.parametrize(("slow", "fails"), [(3, True), (0, False)])
def test_the_p99_gate_looks_at_the_99th_percentile(slow, fails):
    fast = [(0.0, 0.002, 0.001, RESULT_INDEX["hit"], 0)] * (100 - slow)
    tallies = Tallies(rows=fast + [(0.0, 1.0, 0.001, RESULT_INDEX["hit"], 0)] * slow, arrivals=100)
    tallies.fold(["ReadHeavy"], 0.0)
    ended = Outcome(settings(), tallies, 1.0, 2.0, {})

    assert bool(Gates(None, 100.0, None, None).failures(ended)) == fails


def test_the_p99_gate_ignores_the_slowest_one_in_two_hundred():
    rows = [(0.0, 0.002, 0.001, RESULT_INDEX["hit"], 0)] * 199
    tallies = Tallies(rows=[*rows, (0.0, 9.0, 0.001, RESULT_INDEX["hit"], 0)], arrivals=200)
    tallies.fold(["ReadHeavy"], 0.0)
    ended = Outcome(settings(), tallies, 1.0, 2.0, {})

    assert Gates(None, 100.0, None, None).failures(ended) == []

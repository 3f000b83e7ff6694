"""The stampede bench: refreshes, figures of a mode, and the run of a mode."""

import dataclasses
import io
import json
from functools import partial

import numpy as np
import pytest
from rich.console import Console

from loadtests.experiments.figures.stampede.stampede_figures import (
    StampedeResults,
    as_json,
    load_stampede,
    mode_figures,
)
from loadtests.experiments.plan.stampede_plan import MODES, StampedePlan
from loadtests.experiments.records.polls import ModePolls, Poll
from loadtests.experiments.records.record_file import RecordError
from loadtests.experiments.records.records import STAMPEDE, load_run, save_run, save_trial
from loadtests.experiments.records.refreshes import Refresh, find_refreshes, inside
from loadtests.experiments.records.trials import load_trials
from loadtests.experiments.report.answer import answer_run
from loadtests.experiments.trial.stampede_trials import predict_loads, run_mode
from loadtests.sender.samples import RESULT_INDEX, SAMPLE_DTYPE
from loadtests.service_under_test.counters import ServiceCounters


def polls(ends, until, step=0.025):
    """Return readings every *step* seconds of loads that end at given times; each takes 2 ms."""
    times = np.arange(0, until, step)
    return [Poll(float(t), float(t) + 0.002, int(np.sum(np.array(ends) <= t))) for t in times]


def samples_at(*moments, response=0.001, result="hit"):
    found = np.zeros(len(moments), dtype=SAMPLE_DTYPE)
    found["intended"] = moments
    found["response"] = found["service"] = response
    found["result"] = RESULT_INDEX[result]
    return found


def test_loads_that_are_close_in_time_are_one_refresh():
    ends = [0.1, 0.15, 3.3, 3.31, 3.38, 6.5]

    found = find_refreshes(polls(ends, 8), load_seconds=0.1, quiet_seconds=1.5)

    assert [refresh.loads for refresh in found] == [2, 3, 1]


def test_refresh_encloses_its_loads_from_their_start_to_their_end():
    found = find_refreshes(polls([3.3, 3.38], 5), load_seconds=0.1, quiet_seconds=1.5)

    assert found == [Refresh(pytest.approx(3.175), pytest.approx(3.402), 2)]


def test_readings_without_loads_have_no_refresh():
    assert find_refreshes(polls([], 5), 0.1, 1.5) == []
    assert find_refreshes([], 0.1, 1.5) == []


def test_samples_belong_to_a_refresh_by_their_intended_start():
    samples = samples_at(1.0, 2.9, 3.0, 3.1, 3.3)

    within = inside(samples, [Refresh(2.95, 3.15, 1)])

    assert within.tolist() == [False, False, True, True, False]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("none", 51), ("single-flight", 2), ("lease", 1), ("early", 2.718), ("stale", 1)],
)
def test_loads_per_refresh_are_predicted_by_theory(mode, expected):
    assert predict_loads(StampedePlan(), mode, 0.1) == pytest.approx(expected, abs=0.001)


def test_third_process_adds_a_load_under_single_flight():
    assert predict_loads(StampedePlan(processes=3), "single-flight", 0.1) == pytest.approx(3)


def test_loads_of_the_cold_start_count_only_as_cold_loads():
    plan = StampedePlan(refreshes=2)
    ends = [0.1, 0.1, 0.1, 3.3, 6.5, 6.6, 9.7]
    slow = samples_at(3.25, 6.45, response=0.1, result="miss")
    quick = samples_at(*np.linspace(0.3, 6.5, 3000), response=0.002)
    cold = samples_at(0.05, response=0.1, result="miss")
    samples = np.concatenate([cold, quick, slow])

    figures = mode_figures(plan, ModePolls("none", 51.0, polls(ends, 10)), samples)

    assert figures.refreshes == 2
    assert figures.loads_per_refresh == 1.5
    assert figures.cold_loads == 3
    assert figures.waited == 2
    assert figures.p99_between_seconds == pytest.approx(0.002)
    assert figures.p99_at_expiry_seconds is None


def test_lookup_that_bypassed_the_cache_waited_for_the_store_too():
    ends = [0.1, 3.3, 6.5]
    bypassed = samples_at(3.25, 5.0, response=0.1, result="bypass")

    figures = mode_figures(StampedePlan(), ModePolls("stale", 1.0, polls(ends, 10)), bypassed)

    assert figures.waited == 2


def test_figures_of_a_run_without_refreshes_are_unknown():
    figures = mode_figures(StampedePlan(), ModePolls("lease", 1.0, []), samples_at(1.0))

    assert figures.loads_per_refresh is None
    assert figures.low is None
    assert figures.waited is None
    assert figures.cold_loads is None


def test_json_has_the_agreed_shape(run_record):
    figures = mode_figures(StampedePlan(), ModePolls("lease", 1.0, []), samples_at(1.0))

    answer = as_json(StampedeResults(run_record, StampedePlan(), [figures]))

    assert list(answer) == ["modes", "damaged"]
    assert list(answer["modes"][0]) == [
        *("protection", "refreshes", "loads_per_refresh", "low", "high", "predicted"),
        *("p99_between_ms", "p99_at_expiry_ms", "waited", "trusted", "doubts"),
    ]
    assert answer["modes"][0]["p99_between_ms"] is None


@pytest.fixture
def expiring(bench, world):
    """Return a bench whose service loads the hot key twice every 3.2 s while traffic runs."""

    def counters():
        seconds = 0.0 if world.began is None else world.clock.now - world.began
        world.clock.now += 0.001
        loads = 2 * int((seconds + 3.1) // 3.2)
        lookups = world.counted()
        return ServiceCounters(
            lookups, {"select ok": loads}, {"true": lookups["hit"], "false": lookups["miss"]}
        )

    def set_knobs(knobs):
        world.log.append(f"set {knobs['protection']}")

    bench.service.counters = counters
    bench.service.set_knobs = set_knobs
    return bench


@pytest.fixture
def run(expiring, run_record, tmp_path):
    """Return what measures one protection into a folder and reads its figures from there."""
    bench = dataclasses.replace(expiring, save=partial(save_trial, tmp_path))

    def measure(plan, mode):
        record = dataclasses.replace(run_record, kind=STAMPEDE, plan=dataclasses.asdict(plan))
        save_run(tmp_path, record)
        run_mode(bench, plan, mode, tmp_path)
        return load_stampede(tmp_path, load_run(tmp_path)).modes[0]

    return measure


def test_mode_ends_after_its_number_of_refreshes(run, world, tmp_path):
    figures = run(StampedePlan(refreshes=3, rate=100), "single-flight")

    assert world.log[0] == "set single-flight"
    assert figures.refreshes == 3
    assert figures.loads_per_refresh == 2
    assert figures.predicted == pytest.approx(1.4, abs=0.02)
    assert load_trials(tmp_path).records[0].knobs == {}
    kept = json.loads((tmp_path / "polls-02.json").read_text())
    assert kept["mode"] == "single-flight"
    assert len(kept["polls"]) > 100


def test_mode_whose_load_generator_dies_is_saved_as_aborted(run, world, tmp_path):
    world.ends_after = 5.0

    figures = run(StampedePlan(refreshes=3, rate=100), "lease")

    assert load_trials(tmp_path).records[0].aborted == (
        "the load generator of mode lease ended by itself (5.0 s after the first arrival)"
    )
    assert figures.aborted
    assert figures.refreshes == 1
    assert json.loads((tmp_path / "polls-03.json").read_text())["polls"]


def test_interrupted_mode_is_saved_and_ends_the_bench(expiring, run, tmp_path):
    def interrupt():
        raise KeyboardInterrupt

    expiring.load.start = lambda *_: interrupt()

    with pytest.raises(KeyboardInterrupt):
        run(StampedePlan(), "none")

    assert load_trials(tmp_path).records[0].aborted == "interrupted"
    assert (tmp_path / "polls-01.json").exists()


def test_answer_is_made_from_the_folder_alone(run, tmp_path):
    run(StampedePlan(refreshes=3, rate=100), "single-flight")
    (tmp_path / "report.html").unlink(missing_ok=True)

    answer = answer_run(tmp_path)

    console = Console(width=100, file=io.StringIO())
    console.print(answer.tables)
    assert "single-flight" in console.file.getvalue()
    assert "2 service processes" in console.file.getvalue()
    assert json.loads((tmp_path / "stampede.json").read_text()) == answer.content
    assert answer.content["modes"][0]["loads_per_refresh"] == 2
    html = answer.page.read_text()
    assert html.count('class="plotly-graph-div"') == 1
    assert ">single-flight" in html
    text = (tmp_path / "report.md").read_text()
    assert "| single-flight | 3 | 2.00 |" in text
    assert not answer.aborted


def test_protection_with_a_damaged_file_is_named_and_left_out(run, tmp_path):
    run(StampedePlan(refreshes=3, rate=100), "single-flight")
    run(StampedePlan(refreshes=3, rate=100), "lease")
    (tmp_path / "polls-02.json").write_text("{")

    answer = answer_run(tmp_path)

    assert [mode["protection"] for mode in answer.content["modes"]] == ["lease"]
    assert "polls-02.json: not a record" in answer.content["damaged"][0]
    assert "polls-02.json: not a record" in answer.page.read_text()


def test_plan_of_another_kind_than_a_stampede_is_refused(run_record, tmp_path):
    save_run(tmp_path, dataclasses.replace(run_record, kind=STAMPEDE))

    with pytest.raises(RecordError, match="not the plan of a stampede bench"):
        answer_run(tmp_path)


def test_every_protection_of_the_service_is_measured():
    assert MODES == ("none", "single-flight", "lease", "early", "stale")

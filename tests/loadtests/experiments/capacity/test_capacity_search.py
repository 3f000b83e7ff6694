"""A whole search, its records on disk, and the answer that is made of them again and again."""

import dataclasses
import io
import json
import math

import pytest
from rich.console import Console

from loadtests import cli
from loadtests.experiments.capacity.capacity_answer import answer_capacity
from loadtests.experiments.capacity.capacity_figures import load_capacity
from loadtests.experiments.capacity.capacity_plan import Goal, make_capacity_plan
from loadtests.experiments.plan.fields import Given, PlanError
from loadtests.experiments.records.records import load_run
from loadtests.prediction.steady_state import Traffic, predicted_hit_ratio

TRUE = 1000 - math.log(100) / 0.050
"""The rate at which the p99 of the queue is 50 ms: 908 lookups a second."""


@pytest.fixture
def capacity(searched):
    return load_capacity(searched, load_run(searched)).capacities[0]


def test_capacity_of_the_queue_is_found_from_its_samples(capacity):
    assert 0.85 * TRUE < capacity.found.holds < TRUE
    assert capacity.found.breaks <= capacity.found.holds * 1.1
    assert capacity.goal == "hit ratio 0.5"


def test_marks_name_the_rates_at_which_lookups_queue_and_the_bound_breaks(capacity):
    # The median doubles where half of the capacity at the first rate is left.
    assert capacity.marks["queueing"] == 800
    assert capacity.marks["slip"] is None
    assert capacity.marks["breach"] == capacity.found.breaks


def test_every_step_is_saved_as_it_ends_and_drained_before_the_next(world, tmp_path, search_now):
    search_now(tmp_path)

    steps = load_capacity(tmp_path, load_run(tmp_path)).capacities[0].steps
    assert [step.record.number for step in steps] == list(range(1, len(steps) + 1))
    kept = [word for word in world.log if word == "stop" or word.startswith("load seed")]
    assert kept[::2] == [f"load seed 1 at {step.record.rate:g}/s" for step in steps]
    assert set(kept[1::2]) == {"stop"}


def test_ttl_of_each_step_is_the_one_that_theory_gives_for_its_rate(plan, capacity):
    for step in capacity.steps:
        traffic = Traffic(plan.popularity(), step.record.rate)
        expected = predicted_hit_ratio(traffic, {"ttl_seconds": step.record.ttl_seconds})

        assert expected == pytest.approx(0.5, abs=0.002)


def test_table_fits_into_100_columns_and_the_answer_is_the_low_end(searched):
    console = Console(width=100, file=io.StringIO())
    console.print(answer_capacity(searched, load_run(searched)).tables)
    text = console.file.getvalue()

    assert max(map(len, text.splitlines())) <= 100
    assert "at least 8" in " ".join(text.split())
    assert "p99 below 50 ms" in text


def test_report_verb_makes_the_same_report_from_the_records_alone(searched, capsys):
    assert cli.main(["report", str(searched)]) == 0
    first = (searched / "report.html").read_text(), (searched / "report.md").read_text()
    (searched / "report.html").unlink()

    assert cli.main(["report", str(searched)]) == 0

    assert (searched / "report.html").read_text() == first[0]
    assert (searched / "report.md").read_text() == first[1]
    assert "hit ratio 0.5" in first[1].lower()
    assert "lookups/s" in capsys.readouterr().out


def test_json_has_the_capacity_the_marks_and_every_step(searched):
    content = answer_capacity(searched, load_run(searched)).content

    assert json.loads(json.dumps(content)) == content
    (found,) = content["capacities"]
    assert found["capacity"] < found["breaks_at"]
    assert found["limited_by"] == "service"
    assert set(found["marks"]) == {"queueing", "slip", "breach"}
    assert [step["verdict"] for step in found["steps"]].count("holds") >= 4
    assert "NaN" not in json.dumps(content)


@pytest.mark.parametrize(("load", "doubts"), [(0.9, 0), (1.1, 1), (None, 0)])
def test_search_beside_other_programs_is_doubted(searched, load, doubts):
    run = load_run(searched)
    run = dataclasses.replace(run, plan={**run.plan, "cores": 2})
    first = json.loads((searched / "trial-01.json").read_text())
    first["conditions"][0]["load_average"] = load
    (searched / "trial-01.json").write_text(json.dumps(first))

    answer = answer_capacity(searched, run)

    assert len(answer.content["doubts"]) == doubts
    assert answer.page.read_text().count("(load average 1.1 on 2 cores)") == doubts


def test_limit_of_the_generator_is_said_in_the_answer_the_table_and_the_json(searched):
    for path in searched.glob("trial-*.json"):
        trial = json.loads(path.read_text())
        trial["load"]["cpu_ratio"] = 0.93
        path.write_text(json.dumps(trial))

    answer = answer_capacity(searched, load_run(searched))
    console = Console(width=100, file=io.StringIO())
    console.print(answer.tables)
    text = " ".join(console.file.getvalue().split())

    assert "the load generator's own limit (it used 93.0 % of a core), and the service's is" in text
    assert "* 1600/s: the load generator's own limit: it used 93.0 % of a core" in text
    assert answer.content["capacities"][0]["limited_by"] == "generator"
    assert answer.content["capacities"][0]["capacity"] > 800  # It holds all the same.
    assert "own limit: it used 93.0 % of a core" in answer.page.read_text()


def test_interrupted_search_answers_with_the_steps_it_has(searched):
    for path in searched.glob("*-0[4-9].*"):
        path.unlink()

    (found,) = answer_capacity(searched, load_run(searched)).content["capacities"]

    assert (found["capacity"], found["breaks_at"]) == (400, None)


def test_answer_without_a_rate_that_holds_says_so_and_is_no_success(searched):
    for path in searched.glob("*-*.*"):
        if "-05." not in path.name:
            path.unlink()

    answer = answer_capacity(searched, load_run(searched))

    assert answer.aborted
    (found,) = answer.content["capacities"]
    assert (found["capacity"], found["breaks_at"]) == (None, 1600)


@pytest.mark.parametrize(
    ("hit_ratios", "ttls", "given", "message"),
    [
        ("1.5", None, {}, "--hit-ratio must be numbers above 0 and below 1, got '1.5'"),
        ("nan", None, {}, "--hit-ratio must be numbers above 0 and below 1, got 'nan'"),
        ("0.5", "3", {}, "--ttl-seconds: --hit-ratio has a TTL for each rate"),
        (None, "x", {}, "--ttl-seconds: ttl_seconds must be a number, got 'x'"),
        ("0.5", None, {"one_hit_ratio": Given(0.9, "f")}, "--hit-ratio: no TTL reaches 0.5"),
        ("0.5", None, {"popularity": Given("sliding", "f")}, "--hit-ratio: theory has no formula"),
        (None, None, {"to_rate": Given(100, "f")}, "--to-rate must be at least --from-rate (200)"),
    ],
)
def test_plan_that_cannot_be_carried_out_is_refused(hit_ratios, ttls, given, message):
    with pytest.raises(PlanError) as refused:
        make_capacity_plan(given, {}, hit_ratios, ttls)

    assert str(refused.value).startswith(message)


def test_goals_are_hit_ratios_or_ttls_each_once():
    assert make_capacity_plan({}, {}, None, None).goals == (Goal(0.5, None), Goal(0.9, None))
    assert make_capacity_plan({}, {}, None, "5,30").goals == (Goal(None, 5), Goal(None, 30))
    assert make_capacity_plan({}, {}, "0.5,0.5", None).goals == (Goal(0.5, None),)


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("step-05.json", {"rate": "x"}),
        ("step-05.json", {"rate": -1}),
        ("step-05.json", {"closes": 0}),
        ("step-05.json", {"goal": None}),
        ("trial-05.json", {"load": {"cpu_ratio": "x"}}),
    ],
)
def test_step_whose_fields_are_of_another_kind_is_left_out(searched, capsys, file, change):
    path = searched / file  # Of a step that breaks, whose generator is looked at.
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))

    assert cli.main(["report", str(searched)]) == 0
    assert "left out: " in capsys.readouterr().out


def test_run_without_a_bound_is_refused_in_one_line(searched, capsys):
    run = json.loads((searched / "run.json").read_text())
    (searched / "run.json").write_text(json.dumps({**run, "plan": {"max_p99_seconds": "x"}}))

    assert cli.main(["report", str(searched)]) == 2
    assert capsys.readouterr().err == (
        f"error: {searched}/run.json: not a record: TypeError: plan.max_p99_seconds is a str\n"
    )

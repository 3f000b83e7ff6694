"""What a drill's records say, and the answer that is made of them again and again."""

import dataclasses
import io
import json

import pytest
from rich.console import Console

from loadtests import cli
from loadtests.experiments.drills.drill_answer import answer_drills
from loadtests.experiments.drills.drill_chart import drill_chart
from loadtests.experiments.drills.drill_figures import drill_figures
from loadtests.experiments.drills.drill_record import load_drill, save_drill
from loadtests.output.figure_text import UNKNOWN


@pytest.fixture
def figures(drill_trial, drill_record, drill_samples):
    return drill_figures(drill_trial, drill_record, drill_samples)


def printed(tables):
    console = Console(width=100, file=io.StringIO())
    console.print(tables)
    return console.file.getvalue()


def test_lookups_belong_to_the_phase_in_which_they_were_meant_to_start(figures):
    assert [phase.phase for phase in figures.phases] == ["before", "during", "after"]
    assert [phase.lookups for phase in figures.phases] == [2000, 2000, 2000]
    assert [phase.failed for phase in figures.phases] == [0, 10, 0]
    assert [phase.bypassed for phase in figures.phases] == [0, 1990, 0]


def test_hit_ratio_is_unknown_while_the_cache_is_never_asked(figures):
    assert [phase.hit_ratio for phase in figures.phases] == [1.0, None, 1.0]


def test_response_times_of_a_phase_are_those_of_its_own_lookups(figures):
    before, during, after = figures.phases

    assert (before.p99_seconds, after.p99_seconds) == (pytest.approx(0.001), pytest.approx(0.001))
    assert during.p99_seconds == pytest.approx(0.004)
    assert during.slowest_seconds == pytest.approx(0.050)


def test_store_reads_are_counted_by_the_service_between_the_edges_of_a_phase(figures):
    reads = [phase.store_reads_per_second for phase in figures.phases]

    assert reads == [pytest.approx(10), pytest.approx(200), pytest.approx(10)]


def test_store_reads_are_unknown_without_readings_near_the_edges(
    drill_trial, drill_record, drill_samples
):
    drill_record.polls = drill_record.polls[:20]  # None after the first 10 s.

    phases = drill_figures(drill_trial, drill_record, drill_samples).phases

    assert [phase.store_reads_per_second for phase in phases] == [None, None, None]


def test_time_until_well_counts_from_the_end_of_the_fault(figures):
    assert figures.well_seconds == pytest.approx(0.25)
    assert figures.doubts == []


def test_late_load_generator_is_a_doubt(drill_trial, drill_record, drill_samples):
    drill_samples["service"] = drill_samples["response"]
    drill_samples["response"] += 0.015

    doubts = drill_figures(drill_trial, drill_record, drill_samples).doubts

    assert doubts == [
        "1 % of the lookups started at least 15 ms late before the fault: lower the rate"
    ]


def test_drill_that_ended_within_the_fault_has_no_phase_after_it(
    drill_trial, drill_record, drill_samples
):
    drill_record.healed_at = drill_record.well_at = drill_record.ended_at = None
    trial = dataclasses.replace(drill_trial, aborted="interrupted")

    found = drill_figures(trial, drill_record, drill_samples)

    assert [phase.phase for phase in found.phases] == ["before"]
    assert found.well_seconds is None
    assert found.doubts == ["the drill was aborted: interrupted"]


def test_drill_that_was_interrupted_at_once_has_no_chart(drill_trial, drill_record, drill_samples):
    drill_record.struck_at = drill_record.opened_at + 0.01
    drill_record.healed_at = drill_record.ended_at = None
    short = drill_samples[drill_samples["intended"] < 7.52]

    found = drill_figures(drill_trial, drill_record, short)

    assert drill_chart(found) is None


def test_chart_leaves_out_a_bucket_that_is_cut_short(drill_trial, drill_record, drill_samples):
    drill_record.ended_at += 0.3  # Buckets are half a second long.

    chart = drill_chart(drill_figures(drill_trial, drill_record, drill_samples))

    hits = next(line for line in chart.data if line.name == "hits")
    assert len(hits.y) == 60  # 30 s
    assert list(hits.y[:-1]) == [200.0] * 20 + [0.0] * 20 + [200.0] * 19


def test_table_fits_into_100_columns_and_says_when_all_was_well(drill_folder, drill_run):
    text = printed(answer_drills(drill_folder, drill_run).tables)

    assert max(map(len, text.splitlines())) <= 100
    assert "10 lookups failed; all was well 0.2 s after the fault." in " ".join(text.split())
    cells = ["2000", "10", "1990", UNKNOWN, "200.0", "4.00", "50.0"]
    assert ["redis-kill", "during", *cells] in [line.split() for line in text.splitlines()]


def test_report_verb_makes_the_same_report_from_the_records_alone(drill_folder, capsys):
    assert cli.main(["report", str(drill_folder)]) == 0
    first = (drill_folder / "report.html").read_text(), (drill_folder / "report.md").read_text()
    (drill_folder / "report.html").unlink()

    assert cli.main(["report", str(drill_folder)]) == 0

    assert (drill_folder / "report.html").read_text() == first[0]
    assert (drill_folder / "report.md").read_text() == first[1]
    assert "redis-kill" in capsys.readouterr().out
    assert first[0].count('<div class="plotly-graph-div">') == 1
    assert "Redis is killed and comes back empty" in first[1]


@pytest.mark.parametrize("verb", [["compare"], ["recommend", "--min-hit-ratio", "0.5"]])
def test_drill_is_refused_by_verbs_that_read_sweeps(drill_folder, capsys, verb):
    folders = [str(drill_folder)] * (2 if verb == ["compare"] else 1)

    assert cli.main([*verb, *folders]) == 2
    assert capsys.readouterr().err == (
        f"error: {drill_folder} holds a run of drill; name the folder of a sweep\n"
    )


def test_json_has_every_phase_and_no_number_that_is_none(drill_folder, drill_run):
    content = answer_drills(drill_folder, drill_run).content

    assert json.loads(json.dumps(content)) == content
    (drill,) = content["drills"]
    assert drill["name"] == "redis-kill"
    assert drill["well_seconds"] == pytest.approx(0.25)
    assert [phase["phase"] for phase in drill["phases"]] == ["before", "during", "after"]
    assert drill["phases"][1]["p99_ms"] == pytest.approx(4.0)
    assert "NaN" not in json.dumps(content)


def test_record_of_a_drill_is_read_as_it_was_written(tmp_path, drill_record):
    save_drill(tmp_path, 3, drill_record)

    assert load_drill(tmp_path, 3) == drill_record


def test_damaged_record_is_named_and_the_report_is_made_all_the_same(drill_folder, drill_run):
    (drill_folder / "drill-01.json").write_text("{")

    answer = answer_drills(drill_folder, drill_run)

    assert answer.content["drills"] == []
    assert "drill-01.json: not a record" in answer.content["damaged"][0]
    assert "drill-01.json" in answer.page.read_text()


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("drill-01.json", {"struck_at": "soon"}),
        ("drill-01.json", {"healed_at": 1e308}),
        ("drill-01.json", {"opened_at": 1_800_000_000.0}),
        ("drill-01.json", {"about": ["a"]}),
        ("drill-01.json", {"polls": [{"at": None, "store_reads": 1, "lookups": {}}]}),
        ("drill-01.json", {"polls": 3}),
        ("trial-01.json", {"started_at": "x"}),
    ],
)
def test_drill_whose_fields_are_of_another_kind_is_left_out(drill_folder, capsys, file, change):
    path = drill_folder / file
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))

    assert cli.main(["report", str(drill_folder)]) == 0
    # A long path is broken wherever the line ends, between words too.
    said = "".join(capsys.readouterr().out.split())
    assert f"leftout:{path}:notarecord:" in said


@pytest.mark.parametrize("change", [{"load": 3}, {"load": {"rate": "x"}}, {"items": None}])
def test_run_without_the_plan_of_drills_is_refused_in_one_line(drill_folder, capsys, change):
    run = json.loads((drill_folder / "run.json").read_text())
    (drill_folder / "run.json").write_text(json.dumps({**run, "plan": {**run["plan"], **change}}))

    assert cli.main(["report", str(drill_folder)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {drill_folder}/run.json: not a record: TypeError: plan.")

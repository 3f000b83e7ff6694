"""The published JSON schemas hold for what a sweep prints and for what it records."""

import csv
import dataclasses
import io
import json

import pytest
from jsonschema import Draft202012Validator

from loadtests.experiments.figures.results import as_json, load_results
from loadtests.experiments.plan.fields import Given
from loadtests.experiments.plan.plan import make_plan
from loadtests.experiments.records.records import load_run, save_run
from loadtests.experiments.report.trials_csv import trials_csv
from loadtests.stack.guardian import ROOT

SCHEMAS = {
    name: json.loads((ROOT / f"docs/schemas/{name}.schema.json").read_text(encoding="utf-8"))
    for name in ("sweep", "trial", "run")
}


SCHEMA_OF_SCHEMAS = Draft202012Validator(
    Draft202012Validator.META_SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER
)


def problems(name, content):
    """Return what of a content does not follow its schema."""
    return list(Draft202012Validator(SCHEMAS[name]).iter_errors(content))


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_is_one(name):
    assert list(SCHEMA_OF_SCHEMAS.iter_errors(SCHEMAS[name])) == []


def test_json_of_a_sweep_follows_its_schema(results, tmp_path):
    content = json.loads(json.dumps(as_json(results, tmp_path / "report.html")))

    assert problems("sweep", content) == []


def test_records_of_trials_follow_their_schema(folder):
    paths = sorted(folder.glob("trial-*.json"))

    assert len(paths) == 3
    for path in paths:
        assert problems("trial", json.loads(path.read_text())) == []


def test_record_of_a_run_follows_its_schema(folder):
    plan = make_plan({"skew": Given([0, 1], "skew")}, {"protection": Given("none", "protection")})
    run = dataclasses.replace(load_run(folder), plan=dataclasses.asdict(plan))
    save_run(folder, run)

    assert problems("run", json.loads((folder / "run.json").read_text())) == []


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("sweep", lambda content: content["trials"][0].update(speed=1)),
        ("sweep", lambda content: content["trials"][0].pop("hit_ratio")),
        ("sweep", lambda content: content["trials"][0].update(hit_ratio=90)),
        ("trial", lambda content: content.pop("readings")),
        ("trial", lambda content: content["prediction"].update(hit_ratio="high")),
    ],
)
def test_schema_refuses_what_does_not_follow_it(folder, name, change):
    content = (
        json.loads(json.dumps(as_json(load_results(folder), None)))
        if name == "sweep"
        else json.loads((folder / "trial-01.json").read_text())
    )
    assert problems(name, content) == []
    change(content)

    assert len(problems(name, content)) == 1


def test_csv_has_one_row_a_trial_with_the_figures_of_the_json(results):
    rows = list(csv.DictReader(io.StringIO(trials_csv(results))))

    assert [row["trial"] for row in rows] == ["2", "3", "1"]
    for row, trial in zip(rows, as_json(results, None)["trials"], strict=True):
        assert float(row["ttl_seconds"]) == trial["ttl_seconds"]
        assert float(row["hit_ratio"]) == trial["hit_ratio"]
        assert float(row["hit_p50_ms"]) == trial["hit_p50_ms"]
        assert int(row["lookups_hit"]) == trial["results"]["hit"]
        assert float(row["achieved_lookups_per_second"]) == trial["achieved_rate"]
        assert row["trusted"] == str(trial["trusted"])
        assert float(row["knob_ttl_seconds"]) == trial["ttl_seconds"]
        assert row["miss_p99_ms"] == ""  # Unknown
    assert rows[1]["doubts"].startswith("generator-busy")
    assert {row["seed"] for row in rows} == {"7"}


def test_csv_has_a_column_for_each_axis(results):
    trials = [dataclasses.replace(trial, values={"skew": 0.5}) for trial in results.trials]

    (row, *_) = csv.DictReader(io.StringIO(trials_csv(dataclasses.replace(results, trials=trials))))

    assert list(row)[:5] == ["trial", "ttl_seconds", "repetition", "seed", "axis_skew"]
    assert row["axis_skew"] == "0.5"

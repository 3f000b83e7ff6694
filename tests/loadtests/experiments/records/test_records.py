"""Records on disk: saved, read back, and refused when they are damaged."""

import dataclasses
import json
import re

import pytest

from loadtests.experiments.figures.results import load_results
from loadtests.experiments.plan.trial_order import Trial
from loadtests.experiments.records.record_file import RecordError
from loadtests.experiments.records.records import load_run, load_samples, save_run, save_trial
from loadtests.experiments.records.trials import load_trials
from loadtests.prediction.limited_memory import Crowding


def test_trial_is_read_back_as_it_was_saved(tmp_path, record, samples, run_record):
    trial = record(started_at=1000.0)
    taken = samples()
    taken["intended"] += 1000.0

    save_run(tmp_path, run_record)
    save_trial(tmp_path, trial, taken)

    assert load_run(tmp_path) == run_record
    assert load_trials(tmp_path).records == [trial]
    read = load_samples(tmp_path, trial)
    assert read["intended"] == pytest.approx(samples()["intended"], abs=1e-5)
    assert (read["result"] == taken["result"]).all()


def test_prediction_of_evictions_is_read_back_as_it_was_saved(tmp_path, record, samples):
    crowded = dataclasses.replace(record().prediction, crowding=Crowding(1500.5, 1000.0))
    save_trial(tmp_path, record(prediction=crowded), samples())

    assert load_trials(tmp_path).records[0].prediction == crowded


def test_aborted_trial_is_read_back_as_it_was_saved(tmp_path, record, samples):
    trial = record(
        readings=[],
        before=None,
        after=None,
        load=None,
        started_at=None,
        prediction=None,
        window=None,
        aborted="no arrival",
    )

    save_trial(tmp_path, trial, samples()[:0])

    assert load_trials(tmp_path).records == [trial]


def test_records_without_versions_and_load_average_are_still_read(
    tmp_path, record, samples, run_record
):
    save_run(tmp_path, run_record)
    save_trial(tmp_path, record(), samples())
    for name in ("run.json", "trial-01.json"):
        values = json.loads((tmp_path / name).read_text())
        values.pop("versions", None)
        for conditions in values.get("conditions", []):
            del conditions["load_average"]
        (tmp_path / name).write_text(json.dumps(values))

    assert load_run(tmp_path).versions == {}
    (trial,) = load_trials(tmp_path).records
    assert {conditions.load_average for conditions in trial.conditions} == {None}


def test_record_of_a_version_without_conditions_is_still_read(tmp_path, record, samples):
    save_trial(tmp_path, record(), samples())
    path = tmp_path / "trial-01.json"
    values = json.loads(path.read_text())
    del values["conditions"]
    path.write_text(json.dumps(values))

    assert load_trials(tmp_path).records == [record(conditions=[])]


def test_saving_a_trial_leaves_only_complete_files(tmp_path, record, samples):
    save_trial(tmp_path, record(), samples())

    assert sorted(path.name for path in tmp_path.glob("trial*")) == [
        "trial-01.json",
        "trial-01.npz",
    ]


def test_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(RecordError, match=r"holds no run\.json; name the folder of a run"):
        load_run(tmp_path)


def test_record_of_another_format_is_refused(tmp_path, run_record):
    save_run(tmp_path, run_record)
    values = json.loads((tmp_path / "run.json").read_text()) | {"format": 99}
    (tmp_path / "run.json").write_text(json.dumps(values))

    with pytest.raises(RecordError, match="format 99"):
        load_run(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not a record: Expecting"),
        ("[]", "not a record: a list instead of an object"),
        ('{"format": 1}', "not a record: .* missing 8 required"),
    ],
    ids=["not JSON", "not an object", "incomplete"],
)
def test_file_that_is_not_a_record_is_refused(tmp_path, text, message):
    (tmp_path / "run.json").write_text(text)

    with pytest.raises(RecordError, match=message):
        load_run(tmp_path)


def test_file_in_place_of_a_folder_is_refused(tmp_path):
    (tmp_path / "README.md").touch()

    with pytest.raises(RecordError, match=r"README\.md holds no run\.json; name the folder"):
        load_run(tmp_path / "README.md")


@pytest.mark.parametrize("values", [{}, {"trial": 5}, {"trial": {"number": 1}}])
def test_file_that_is_not_a_trial_is_named_and_left_out(tmp_path, values):
    (tmp_path / "trial-01.json").write_text(json.dumps(values))

    trials = load_trials(tmp_path)

    assert trials.records == []
    assert len(trials.damaged) == 1
    assert re.search(r"trial-01\.json: not a record", trials.damaged[0])


@pytest.mark.parametrize("damaged", [{"knobs": 5}, {"load": [1]}, {"started_at": "soon"}])
def test_trial_with_a_field_of_another_kind_is_named_and_left_out(
    tmp_path, record, samples, damaged
):
    save_trial(tmp_path, record(), samples())
    path = tmp_path / "trial-01.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | damaged))

    trials = load_trials(tmp_path)

    assert trials.records == []
    (name,) = damaged
    assert f"trial-01.json: not a record: {name} is a" in trials.damaged[0]


@pytest.mark.parametrize(
    "damaged",
    [{"plan": []}, {"title": None}, {"started_at": "soon"}, {"stack": 1}, {"wanted_hit_ratio": []}],
)
def test_run_with_a_field_of_another_kind_is_refused(tmp_path, run_record, damaged):
    save_run(tmp_path, run_record)
    path = tmp_path / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | damaged))
    (name,) = damaged

    with pytest.raises(RecordError, match=rf"run\.json: not a record: {name} is a"):
        load_run(tmp_path)


def test_trial_whose_counters_are_no_numbers_is_left_out(folder):
    path = folder / "trial-01.json"
    values = json.loads(path.read_text())
    values["after"]["service"]["store_queries"] = {"select ok": None}
    path.write_text(json.dumps(values))
    results = load_results(folder)

    assert 1 not in [trial.number for trial in results.trials]
    assert "trial-01.json: not a record: TypeError" in results.damaged[0]


def test_run_of_another_verb_is_no_sweep(tmp_path, run_record):
    save_run(tmp_path, dataclasses.replace(run_record, kind="stampede"))

    with pytest.raises(RecordError, match="holds a run of stampede; name the folder of a sweep"):
        load_results(tmp_path)


def test_missing_and_damaged_samples_are_refused(tmp_path, record):
    with pytest.raises(RecordError, match=r"trial-01\.npz: samples cannot be read: No such file"):
        load_samples(tmp_path, record())

    for content in ("PK\x03\x04 cut off", "text", ""):
        (tmp_path / "trial-01.npz").write_text(content)
        with pytest.raises(RecordError, match=r"trial-01\.npz: not samples"):
            load_samples(tmp_path, record())


def test_trials_are_read_in_the_order_in_which_they_ran(tmp_path, record, samples):
    for number in (100, 99, 2):
        save_trial(tmp_path, record(trial=Trial(number, 1.0, 1, 1)), samples()[:0])

    assert [trial.trial.number for trial in load_trials(tmp_path).records] == [2, 99, 100]

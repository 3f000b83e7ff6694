import json

import pytest

from loadtests.experiments.records import (
    RecordError,
    load_run,
    load_samples,
    load_trials,
    save_run,
    save_trial,
)


def test_trial_survives_its_way_to_disk_and_back(tmp_path, record, samples, run_record):
    trial = record(started_at=1000.0)
    taken = samples()
    taken["intended"] += 1000.0

    save_run(tmp_path, run_record)
    save_trial(tmp_path, trial, taken)

    assert load_run(tmp_path) == run_record
    assert load_trials(tmp_path) == [trial]
    read = load_samples(tmp_path, trial)
    assert read["intended"] == pytest.approx(samples()["intended"], abs=1e-5)
    assert (read["result"] == taken["result"]).all()


def test_aborted_trial_survives_too(tmp_path, record, samples):
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

    assert load_trials(tmp_path) == [trial]


def test_half_written_record_is_never_read(tmp_path, record, samples):
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


def test_file_that_is_no_record_is_refused(tmp_path):
    (tmp_path / "run.json").write_text("{")

    with pytest.raises(RecordError, match="not a record"):
        load_run(tmp_path)

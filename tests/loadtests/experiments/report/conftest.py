"""A sweep on disk, of three trials by hand."""

import dataclasses

import pytest

from loadtests.experiments.figures.results import load_results
from loadtests.experiments.records.records import save_run, save_trial
from loadtests.experiments.trial.runner import run_trials


@pytest.fixture
def folder(tmp_path, bench, load, trial_plan, samples, run_record):
    """Save two sound trials and one of TTL 2 s whose load generator was busy; return the folder."""
    folder = tmp_path / "run"
    save_run(folder, run_record)

    def save(record, _none):
        busy = {"cpu_ratio": 0.95} if record.trial.ttl_seconds == 2 else {}
        taken = samples(record.window.closes + 0.5)
        taken["intended"] += record.started_at
        save_trial(folder, dataclasses.replace(record, load=record.load | busy), taken)

    trials = [trial_plan(number, ttl) for number, ttl in enumerate((5.0, 1.0, 2.0), start=1)]
    run_trials(dataclasses.replace(bench, save=save), load, trials)
    return folder


@pytest.fixture
def results(folder):
    return load_results(folder)

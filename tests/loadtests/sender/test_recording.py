"""The record of a run on disk."""

import json

import numpy as np

from loadtests.sender.recording import Recording
from loadtests.sender.samples import SAMPLE_DTYPE, read_samples


def test_a_run_leaves_start_samples_and_summary(tmp_path):
    recording = Recording(tmp_path)
    recording.begin(100.5)
    recording.open_samples(own_file=False)
    recording.append(np.zeros(2, dtype=SAMPLE_DTYPE))
    recording.close_samples()
    recording.conclude({"arrivals": 2, "hit_ratio": None})

    assert json.loads((tmp_path / "start.json").read_text()) == {"started_at": 100.5}
    assert json.loads((tmp_path / "summary.json").read_text())["hit_ratio"] is None
    assert read_samples(tmp_path).size == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "samples.bin",
        "start.json",
        "summary.json",
    ]


def test_clearing_deletes_the_previous_run(tmp_path):
    recording = Recording(tmp_path)
    recording.begin(1.0)
    recording.conclude({})

    recording.clear()

    assert list(tmp_path.iterdir()) == []

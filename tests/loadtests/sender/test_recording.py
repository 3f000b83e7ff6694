"""The record of a run on disk."""

import errno
import json
from pathlib import Path

import numpy as np
import pytest

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


def test_full_disk_ends_the_record_with_one_sentence_and_not_the_run(tmp_path, caplog):
    (tmp_path / "samples.bin").symlink_to("/dev/full")
    recording = Recording(tmp_path)
    recording.open_samples(own_file=False)
    for _ in range(2):
        recording.append(np.zeros(3, SAMPLE_DTYPE))
    recording.close_samples()

    assert recording.problem is not None
    assert recording.problem.endswith(
        "lacks samples: No space left on device; make room there or choose another --record"
    )
    assert [record.getMessage() for record in caplog.records] == [recording.problem]


def test_draft_of_a_file_that_a_full_disk_refuses_does_not_stay(tmp_path, monkeypatch):
    def refuse(self, *_, **__):
        self.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", refuse)
    with pytest.raises(OSError, match="No space left"):
        Recording(tmp_path).conclude({"arrivals": 1})

    assert list(tmp_path.iterdir()) == []

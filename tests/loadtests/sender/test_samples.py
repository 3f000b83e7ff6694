"""Samples on disk."""

import numpy as np

from loadtests.sender.recording import Recording
from loadtests.sender.samples import RESULTS, SAMPLE_DTYPE, clear_samples, read_samples


def samples(*intended):
    records = np.zeros(len(intended), dtype=SAMPLE_DTYPE)
    records["intended"] = intended
    return records


def write(directory, records, *, own_file=False):
    recording = Recording(directory)
    recording.open_samples(own_file=own_file)
    recording.append(records)
    recording.close_samples()


def test_samples_are_read_in_order_of_intended_start(tmp_path):
    write(tmp_path, samples(3.0, 1.0, 2.0))

    assert read_samples(tmp_path)["intended"].tolist() == [1.0, 2.0, 3.0]


def test_samples_of_several_processes_are_read_together(tmp_path):
    write(tmp_path, samples(1.0), own_file=True)
    (tmp_path / "samples.bin.1").write_bytes(samples(2.0).tobytes())

    assert read_samples(tmp_path)["intended"].tolist() == [1.0, 2.0]


def test_an_incomplete_record_is_left_out(tmp_path):
    (tmp_path / "samples.bin").write_bytes(samples(1.0, 2.0).tobytes()[:-1])

    assert read_samples(tmp_path)["intended"].tolist() == [1.0]


def test_a_folder_without_files_has_no_samples(tmp_path):
    assert read_samples(tmp_path).size == 0


def test_samples_of_an_earlier_run_are_deleted(tmp_path):
    write(tmp_path, samples(1.0), own_file=True)

    clear_samples(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_results_fit_their_field():
    assert len(RESULTS) < np.iinfo(SAMPLE_DTYPE["result"]).max

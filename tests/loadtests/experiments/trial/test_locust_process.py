"""The load generator of a trial as a process: its start, its end and its failures."""

import json

import pytest

from loadtests.experiments.trial import locust_process
from loadtests.experiments.trial.locust_process import LoadError, LocustRun


class FakeProcess:
    """A program that ends on request, unless it is stubborn."""

    def __init__(self, *, code=None, stubborn=False):
        self.code = code
        self.stubborn = stubborn
        self.killed = False

    def exit_code(self):
        return self.code

    def terminate(self):
        if not self.stubborn:
            self.code = 0

    def wait(self, _timeout):
        return self.code

    def kill(self):
        self.killed = True

    def tail(self):
        return "its last words"


def test_start_of_the_load_generator_is_read_from_its_record(tmp_path):
    (tmp_path / "start.json").write_text('{"started_at": 12.5}')

    assert LocustRun(FakeProcess(), tmp_path).started_at() == 12.5


def test_load_generator_that_ends_before_its_first_arrival_is_reported_with_its_log(tmp_path):
    with pytest.raises(LoadError, match="before its first arrival:\nits last words"):
        LocustRun(FakeProcess(code=1), tmp_path).started_at()


def test_load_generator_without_an_arrival_in_time_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(locust_process, "START_SECONDS", 0.0)
    process = FakeProcess()

    with pytest.raises(LoadError, match="no arrival within 0 s"):
        LocustRun(process, tmp_path).started_at()
    assert process.killed


def test_stopped_load_generator_leaves_its_summary(tmp_path):
    (tmp_path / "summary.json").write_text(json.dumps({"arrivals": 5}))
    run = LocustRun(FakeProcess(), tmp_path)

    assert not run.ended()
    assert run.stop() == {"arrivals": 5}
    assert run.ended()


def test_load_generator_without_a_summary_is_an_error(tmp_path):
    with pytest.raises(LoadError, match="left no summary"):
        LocustRun(FakeProcess(), tmp_path).stop()


def test_load_generator_that_does_not_drain_is_killed(tmp_path):
    process = FakeProcess(stubborn=True)

    with pytest.raises(LoadError, match="did not end"):
        LocustRun(process, tmp_path).stop()
    assert process.killed

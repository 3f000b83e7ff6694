"""The record verb on a server that is made up: what stays of a sample that ends too early."""

import pytest

from loadtests import cli
from loadtests.experiments.commands.recording import redis_recording
from loadtests.request_logs.source import LogError


class Watched:
    """A Redis whose MONITOR prints some lines and then fails; INFO fails then too."""

    def __init__(self, _url):
        self.ended = False

    def close(self):
        pass

    def commands_per_second(self):
        return 5

    def replicas(self):
        return []

    def reads(self):
        if self.ended:
            raise LogError("Redis cannot be asked")
        return 100

    def lines(self, _seconds):
        for number, command in enumerate(("GET", "GET", "DEL", "MGET")):
            yield f'{number}.5 [0 127.0.0.1:6] "{command}" "fruit:{number}"'
        self.ended = True
        raise LogError("Redis cannot be watched: gone")


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    monkeypatch.setattr(redis_recording, "MonitoredRedis", Watched)
    words = ["--secret", str(tmp_path / "secret"), "--redis-url", "redis://127.0.0.1:1/0"]
    return lambda name, *flags: cli.main(["record", str(tmp_path / name), *words, *flags])


def test_sample_of_a_server_that_went_away_has_its_end_with_the_reads_that_were_seen(
    tmp_path, capsys, recorded
):
    assert recorded("sample.csv", "--keep", "1") == 2

    lines = (tmp_path / "sample.csv").read_text().splitlines()
    assert len(lines) == 6
    assert lines[-1] == "# sample: keys kept 1.0, reads 3"
    assert capsys.readouterr().err.splitlines()[-1] == (
        "error: Redis cannot be watched: gone; what was recorded until then is in"
        f" {tmp_path / 'sample.csv'}"
    )


def test_folder_that_is_not_there_is_named_with_the_way_out(tmp_path, capsys, recorded):
    assert recorded("nowhere/sample.csv") == 2

    assert capsys.readouterr().err.splitlines()[-1] == (
        f"error: {tmp_path}/nowhere/sample.csv cannot be written: No such file or directory;"
        " name a new file in a folder of yours"
    )


@pytest.mark.usefixtures("recorded")
def test_file_of_the_sample_may_be_named_by_output(tmp_path):
    words = ["--secret", str(tmp_path / "secret"), "--output", str(tmp_path / "out.csv")]

    assert cli.main(["record", "--redis-url", "redis://x", "--keep", "1", *words]) == 2

    assert (tmp_path / "out.csv").read_text().startswith("time,key,op\n0.5,")

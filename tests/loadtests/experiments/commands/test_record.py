"""The record verb on a server that is made up: what stays of a sample that ends too early."""

import pytest

from loadtests import cli
from loadtests.experiments.commands.recording import redis_recording
from loadtests.request_logs.source import LogError


class Watched:
    """A Redis whose MONITOR prints some lines and then fails; INFO fails then too."""

    database = 0

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


class Quiet(Watched):
    """A Redis that prints what it is given, to the end; INFO counts the reads of all databases."""

    printed = ()

    def reads(self):
        return 100 + self.ended * sum('"GET"' in line for line in self.printed)

    def lines(self, _seconds):
        yield from self.printed
        self.ended = True


@pytest.fixture
def quiet(monkeypatch, recorded):
    """Return what records in place of `recorded`, from the lines that it is given."""

    def record(lines, *flags):
        monkeypatch.setattr(redis_recording, "MonitoredRedis", Quiet)
        monkeypatch.setattr(Quiet, "printed", lines)
        return recorded("sample.csv", *flags)

    return record


def test_key_of_another_database_is_not_the_key_of_the_same_name(tmp_path, capsys, quiet):
    lines = [f'{n}.5 [{n % 2} 127.0.0.1:6] "GET" "a"' for n in range(10)]

    assert quiet(lines, "--keep", "1") == 0

    rows = (tmp_path / "sample.csv").read_text().splitlines()
    assert [row.partition(".")[0] for row in rows[1:-1]] == ["0", "2", "4", "6", "8"]
    assert rows[-1] == "# sample: keys kept 1.0, reads 5"
    told = capsys.readouterr().err
    assert "5 reads of other databases of this server are left out" in told
    assert "keys chosen: 1; the profile of so few will be vague" in told


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "nobody read a key of database 0 meanwhile; watch for longer by --seconds"),
        (['1.5 [3 127.0.0.1:6] "GET" "a"'], "database 0 meanwhile, and 1 in other databases;"),
        (
            ['1.5 [0 127.0.0.1:6] "GET" "a"'],
            "reads seen: 1; requests for the keys that were",
        ),
    ],
)
def test_recording_of_nothing_is_refused_and_leaves_no_sample(
    tmp_path, capsys, quiet, lines, words
):
    assert quiet(lines, "--keep", "1") == 2

    assert words in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "sample.csv").exists()


@pytest.mark.parametrize("url", ["127.0.0.1:6379", "http://127.0.0.1", ""])
def test_url_that_is_not_that_of_a_redis_is_named_and_nothing_is_left(
    tmp_path, monkeypatch, capsys, url
):
    monkeypatch.chdir(tmp_path)

    assert cli.main(["record", "--redis-url", url]) == 2

    refusal = capsys.readouterr().err
    assert f"--redis-url must be redis://HOST:PORT/DATABASE, got '{url}'" in refusal
    assert refusal.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_password_of_a_url_is_not_repeated(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert cli.main(["record", "--redis-url", "http://:s3cret@127.0.0.1/0"]) == 2

    assert "s3cret" not in capsys.readouterr().err

"""The record verb on a real Redis: what it keeps, what it never writes, and when it refuses."""

import threading
import time

import pytest
import redis

from loadtests import cli

pytestmark = pytest.mark.integration


@pytest.fixture
def traffic(fresh_redis):
    """Read 40 keys in turn from a Redis, and sometimes set or delete one, until the test ends."""
    ended = threading.Event()

    def run():
        with redis.Redis.from_url(fresh_redis.url) as client:
            number = 0
            while not ended.wait(0.002):
                number += 1
                client.get(f"user:{number % 40}")
                if number % 10 == 0:
                    client.set(f"user:{number % 40}", "a secret value", px=5000)
                if number % 25 == 0:
                    client.unlink(f"user:{number % 40}")

    thread = threading.Thread(target=run)
    thread.start()
    yield fresh_redis.url
    ended.set()
    thread.join()


def _record(url, folder, *flags):
    words = ["record", "--redis-url", url, "--secret", str(folder / "secret")]
    return cli.main([*words, *flags, str(folder / "sample.csv")])


def test_sample_holds_all_requests_of_some_keys_and_neither_names_nor_values(
    traffic, tmp_path, capsys
):
    assert _record(traffic, tmp_path, "--seconds", "3", "--keep", "0.5") == 0

    content = (tmp_path / "sample.csv").read_text()
    assert "user" not in content
    assert "secret value" not in content
    lines = content.splitlines()
    assert lines[0] == "time,key,op"
    assert lines[-1].startswith("# sample: keys kept 0.5, reads ")
    assert len({line.split(",")[1] for line in lines[1:-1]}) < 40
    notes = capsys.readouterr().err
    assert "MONITOR costs work for every command" in notes
    assert "reads, of which a sample is in" in notes


def test_profile_of_the_sample_tells_of_all_reads(traffic, tmp_path, capsys):
    _record(traffic, tmp_path, "--seconds", "3", "--keep", "1")
    capsys.readouterr()

    words = ["--ttls", "0.01,1", "--output", str(tmp_path / "profile")]
    code = cli.main(["profile", str(tmp_path / "sample.csv"), *words])

    assert code == 0
    told = capsys.readouterr().out
    assert "for all keys. The cache starts empty." in " ".join(told.split())
    assert "A sample of" not in told  # All keys were kept.


def test_sample_ends_at_its_size(traffic, tmp_path, capsys):
    started = time.monotonic()

    code = _record(traffic, tmp_path, "--seconds", "60", "--keep", "1", "--most-mb", "0.001")

    assert code == 0
    assert time.monotonic() - started < 30
    assert (tmp_path / "sample.csv").stat().st_size < 2000
    assert "ended at 0.001 MB; see --most-mb" in capsys.readouterr().err


def test_idle_redis_is_watched_until_the_time_is_up_and_leaves_no_sample(
    fresh_redis, tmp_path, capsys
):
    assert _record(fresh_redis.url, tmp_path, "--seconds", "1") == 2

    assert "nobody read a key of database 0 meanwhile" in capsys.readouterr().err
    assert not (tmp_path / "sample.csv").exists()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("redis://127.0.0.1:1/0", "Redis cannot be asked: "),
        ("http://127.0.0.1", "--redis-url must be "),
    ],
)
def test_redis_that_cannot_be_watched_is_refused_in_one_line(tmp_path, capsys, url, message):
    assert _record(url, tmp_path) == 2

    refusal = capsys.readouterr().err
    assert refusal.startswith(f"error: {message}")
    assert not (tmp_path / "sample.csv").exists()


def test_file_that_is_there_is_not_overwritten(tmp_path, capsys):
    (tmp_path / "sample.csv").write_text("mine")

    assert _record("redis://127.0.0.1:1/0", tmp_path) == 2
    assert "is there already; name a new file" in capsys.readouterr().err
    assert (tmp_path / "sample.csv").read_text() == "mine"

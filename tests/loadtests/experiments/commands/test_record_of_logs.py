"""The record verb on logs: what it keeps, what it never writes, and what its profile then says."""

import json
import os
import resource
import signal
import sys
import threading

import numpy as np
import pytest

from loadtests import cli

ROWS = "".join(
    f"{i / 10:.1f},user:{i * i % 97},{'del' if i % 9 == 0 else 'get'}\n" for i in range(900)
)
LOG = f"time,key,op\n{ROWS}"


@pytest.fixture
def record(tmp_path, monkeypatch):
    """Record a log under a secret that is always the same, into sample.csv of a new folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").write_text("a secret that never changes")
    return lambda *words: cli.main(["record", "--secret", "secret", *words])


@pytest.fixture
def log(tmp_path):
    (tmp_path / "requests.csv").write_text(LOG)
    return "requests.csv"


def rows_of(path):
    lines = path.read_text().splitlines()
    assert lines[0] == "time,key,op"
    return [line.split(",") for line in lines[1:-1]], lines[-1]


def test_sample_holds_all_requests_of_some_keys_under_other_names(tmp_path, record, log):
    assert record(log, "--keep", "0.4") == 0

    rows, end = rows_of(tmp_path / "sample.csv")
    names = [name for _, name, _ in rows]
    whole = sorted(
        np.unique([line.split(",")[1] for line in ROWS.splitlines()], return_counts=True)[1]
    )
    kept = np.unique(names, return_counts=True)[1]
    assert 10 < kept.size < 30
    assert set(kept) <= set(whole)
    assert {len(name) for name in names} == {24}
    assert {kind for _, _, kind in rows} == {"get", "delete"}
    assert "user" not in (tmp_path / "sample.csv").read_text()
    assert end == "# sample: keys kept 0.4, reads 800"


def test_sample_of_all_keys_has_the_profile_of_its_log(tmp_path, capsys, record, log):
    """Times that are whole seconds or made from a rate are the same in both."""
    seconds = "".join(f"{1760104536 + i // 30},k{i % 41}\n" for i in range(900))
    (tmp_path / "whole.csv").write_text("time,key\n" + seconds)
    (tmp_path / "keys.txt").write_text("".join(f"{i * i % 53}\n" for i in range(900)))
    for name, flags in ((log, ()), ("whole.csv", ()), ("keys.txt", ("--rate", "20"))):
        assert record(name, *flags, "--keep", "1", "--output", f"{name}.sample") == 0
        answers = []
        for file, how in ((name, flags), (f"{name}.sample", ())):
            capsys.readouterr()
            words = ["--ttls", "0.3,1,7", "--json", "--output", f"{file}.profile"]
            assert cli.main(["profile", file, *how, *words]) == 0
            answers.append(json.loads(capsys.readouterr().out))

        of_log, of_sample = answers
        assert of_sample["rate"] == pytest.approx(of_log["rate"])
        for expected, found in zip(of_log["curve"], of_sample["curve"], strict=True):
            assert found["misses"] == expected["misses"]
            assert found["hit_ratio"] == expected["hit_ratio"]


def test_profile_of_a_tenth_of_the_keys_is_near_that_of_the_log(tmp_path, capsys, record):
    rng = np.random.default_rng(7)
    weights = np.arange(1, 5001) ** -0.9
    keys = rng.choice(5000, 30_000, p=weights / weights.sum())
    lines = (f"{i / 500!r},/fruit/{key}\n" for i, key in enumerate(keys.tolist()))
    (tmp_path / "log.csv").write_text("time,key\n" + "".join(lines))
    assert record("log.csv", "--keep", "0.1") == 0
    curves = []
    for name in ("log.csv", "sample.csv"):
        capsys.readouterr()
        cli.main(["profile", name, "--ttls", "5,30", "--json", "--output", f"{name}.profile"])
        profile = json.loads(capsys.readouterr().out)
        curves.append(profile["curve"])

    assert profile["sample"] == {"keep_ratio": 0.1, "reads": 30_000}
    assert profile["requests"] < 6_000
    assert profile["rate"] == pytest.approx(500.0, rel=0.001)
    for expected, found in zip(*curves, strict=True):
        assert 0.0 < found["hit_ratio_error"] < 0.03
        error = abs(found["hit_ratio"] - expected["hit_ratio"])
        assert error < 3 * found["hit_ratio_error"]


def test_profile_says_what_is_of_the_sample_and_what_of_all_keys(capsys, record, log):
    record(log, "--keep", "0.4")

    assert cli.main(["profile", "sample.csv", "--ttls", "1", "--output", "profile"]) == 0

    told = " ".join(capsys.readouterr().out.split())
    assert "A sample of 40.0 % of the keys; ratios are of all 800 reads" in told
    assert "per second for all keys." in told


def test_what_was_recorded_can_be_read_by_a_program(tmp_path, capsys, record, log):
    assert record(log, "--keep", "0.4", "--json") == 0

    captured = capsys.readouterr()
    rows, _ = rows_of(tmp_path / "sample.csv")
    assert json.loads(captured.out) == {
        "sample": "sample.csv",
        "secret": "secret",
        "keep_ratio": 0.4,
        "reads": 800,
        "requests": len(rows),
        "bytes": sum(
            map(len, (tmp_path / "sample.csv").read_text().splitlines(keepends=True)[1:-1])
        ),
    }
    assert "read: 900 requests for 49 keys (table)" in captured.err
    assert "of 49 keys were chosen, so the profile of this sample will be vague" in captured.err


def test_sample_ends_at_its_size_and_counts_the_reads_until_then(tmp_path, capsys, record, log):
    assert record(log, "--keep", "0.4", "--most-mb", "0.005") == 0

    rows, end = rows_of(tmp_path / "sample.csv")
    last = float(rows[-1][0])
    reads = sum(
        float(line.split(",")[0]) <= last and line.endswith("get") for line in ROWS.splitlines()
    )
    assert len(rows) < 200
    assert end == f"# sample: keys kept 0.4, reads {reads}"
    assert "ended at 0.005 MB; see --most-mb" in capsys.readouterr().err


def test_class_that_a_regex_takes_stands_before_the_name(tmp_path, capsys, record, log):
    assert record(log, "--class-regex", "^us(..)", "--keep", "1") == 0

    rows, _ = rows_of(tmp_path / "sample.csv")
    assert {name.partition(":")[0] for _, name, _ in rows} == {"er"}
    assert "classes that stand readable in it: er" in capsys.readouterr().err


def test_first_interrupt_ends_the_reading_and_keeps_it(tmp_path, capsys, record, monkeypatch):
    """It reaches the program before the pipe too, which may write some more before it ends."""
    ours, theirs = os.pipe()

    def write_and_interrupt():
        with os.fdopen(theirs, "w") as pipe:
            pipe.write(LOG * 20)  # More than a pipe holds, so that by its end reading has begun.
            pipe.flush()
            os.kill(os.getpid(), signal.SIGINT)
            pipe.write("200.0,late,get\n")

    with os.fdopen(ours) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        thread = threading.Thread(target=write_and_interrupt)
        thread.start()
        code = record("-", "--keep", "1")
        thread.join()

    assert code == 0
    assert "ended by Ctrl-C; what was read until then is kept" in capsys.readouterr().err
    assert len(rows_of(tmp_path / "sample.csv")[0]) >= 900


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], 'name a log, "-" for stdin, or a Redis by --redis-url'),
        (["requests.csv", "other.csv", "--redis-url", "redis://x"], "both say what to record"),
        (["a", "--output", "b", "--redis-url", "redis://x"], "--redis-url and a both say what"),
        (["--redis-url", "redis://x", "--columns", "key=1"], "--columns is for logs; leave it out"),
        (["--redis-url", "redis://x", "--sets-change"], "--sets-change is for logs"),
        (["requests.csv", "--seconds", "5"], "--seconds is for --redis-url; leave it out"),
        (["requests.csv", "--although-busy"], "--although-busy is for --redis-url"),
        (["requests.csv", "--keep", "0.0001"], "0 of the log's 49 keys were chosen"),
        (["requests.csv", "nowhere.csv"], "nowhere.csv cannot be read: No such file or directory"),
        (["empty.csv"], "empty.csv is empty; name a log with requests"),
        (["untimed.csv"], "the log has no times; give the rate"),
        (["changes.csv"], "the log holds changes alone and no read"),
        (["sampled.csv"], "the log is a sample already; name the log that it was taken from"),
        (["requests.csv", "--output", "taken.csv"], "taken.csv is there already; name a new file"),
        (["requests.csv", "--output", "no/s.csv"], "no/s.csv cannot be written: No such file"),
        (["requests.csv", "--output", "a\0b"], "cannot be written: embedded null byte"),
        (["requests.csv", "--secret", "taken.csv"], "--secret taken.csv holds fewer than 16 bytes"),
    ],
)
@pytest.mark.usefixtures("log")
def test_refusal_is_one_line_and_leaves_no_sample(tmp_path, capsys, record, words, message):
    (tmp_path / "empty.csv").touch()
    (tmp_path / "untimed.csv").write_text("key\na\nb\n")
    (tmp_path / "changes.csv").write_text("time,key,op\n1,a,del\n2,b,del\n")
    (tmp_path / "sampled.csv").write_text(f"{LOG}# sample: keys kept 0.5, reads 9000\n")
    (tmp_path / "taken.csv").write_text("mine")

    assert record(*words) == 2

    assert not (tmp_path / "sample.csv").exists()
    assert (tmp_path / "taken.csv").read_text() == "mine"
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert message in errors[0]


@pytest.mark.usefixtures("log")
def test_file_that_cannot_grow_is_named_and_removed(tmp_path, capsys, record):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        code = record("requests.csv", "--keep", "1")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert code == 2
    assert "sample.csv cannot be written: File too large; name" in capsys.readouterr().err
    assert not (tmp_path / "sample.csv").exists()


def test_empty_name_of_the_output_is_refused(capsys, record, log):
    with pytest.raises(SystemExit):
        record(log, "--output", "")

    assert "must name a new file; leave it out or name one" in capsys.readouterr().err

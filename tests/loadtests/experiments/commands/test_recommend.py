"""The recommend verb: its sources, its exit code and its refusals."""

import json

import pytest

from loadtests import cli

LOG = "".join(f"{i / 10:.1f} {'u' if i % 3 else 'p'}:{i % 7}\n" for i in range(300))


@pytest.fixture
def profile(tmp_path, capsys):
    (tmp_path / "log").write_text(LOG)
    folder = tmp_path / "profile"
    assert cli.main(["profile", str(tmp_path / "log"), "--output", str(folder)]) == 0
    capsys.readouterr()
    return str(folder)


def test_profile_is_answered_from(profile, capsys):
    code = cli.main(["recommend", profile, "--min-hit-ratio", "0.6", "--json"])

    answer = json.loads(capsys.readouterr().out)
    assert code == 0
    assert answer["smallest_ttl_seconds"] == 5.0
    assert answer["sentences"][1].endswith("misses a hit ratio of at least 0.6.")


def test_bounds_that_no_ttl_keeps_give_exit_code_1(profile, capsys):
    code = cli.main(["recommend", profile, "--min-hit-ratio", "0.999"])

    assert code == 1
    assert "no TTL keeps it; the best is" in capsys.readouterr().out


def test_workload_in_flags_is_answered_by_theory(capsys):
    words = ["recommend", "--rate", "100", "--items", "100", "--ttl", "1,10", "--skew", "0"]

    code = cli.main([*words, "--min-hit-ratio", "0.9", "--json"])

    answer = json.loads(capsys.readouterr().out)
    assert code == 0
    # One read per item and second: 10 in a TTL, of which 10/11 hit.
    assert answer["candidates"][1]["hit_ratio"] == pytest.approx(10 / 11, abs=1e-3)
    assert answer["smallest_ttl_seconds"] == 10.0


def test_each_class_gets_a_ttl(profile, capsys):
    words = ["recommend", profile, "--min-hit-ratio", "0.6", "--per-class"]

    assert cli.main([*words, "--json"]) == 0

    classes = json.loads(capsys.readouterr().out)["classes"]
    reached = sum(each["hit_ratio"] * each["reads"] for each in classes)
    assert {each["name"] for each in classes} == {"u", "p"}
    assert reached / sum(each["reads"] for each in classes) >= 0.6


def test_table_fits_on_a_terminal(profile, capsys):
    words = ["--max-stale-seconds", "60", "--entry-bytes", "100", "--memory-price", "1"]

    cli.main(["recommend", profile, *words, "--store-read-price", "1"])

    assert max(map(len, capsys.readouterr().out.splitlines())) <= 100


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "nothing is asked of the cache; give one or more of --max-stale-seconds"),
        (["--min-hit-ratio", "0.9", "--rate", "5"], "--rate describes a workload, but"),
        (["--min-hit-ratio", "0.9", "--memory-price", "1"], "a cost needs both prices"),
        (["--max-p99-ms", "9", "--per-class"], "--per-class needs the hit ratio to reach"),
        (["--min-hit-ratio", "0.99", "--per-class"], "the classes do not reach a hit ratio of"),
    ],
)
def test_refusal_is_one_line_with_the_way_out(profile, capsys, words, message):
    assert cli.main(["recommend", profile, *words]) == 2

    refusal = capsys.readouterr().err
    assert refusal.startswith("error: ")
    assert message in refusal


def test_folder_that_is_neither_profile_nor_sweep_is_refused(tmp_path, capsys):
    assert cli.main(["recommend", str(tmp_path), "--min-hit-ratio", "0.9"]) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_damaged_profile_is_named(tmp_path, capsys):
    (tmp_path / "profile.json").write_text("{}")

    assert cli.main(["recommend", str(tmp_path), "--min-hit-ratio", "0.9"]) == 2
    assert "profile.json is not a profile; make one by" in capsys.readouterr().err

"""The recommend verb: its sources, its exit code and its refusals."""

import contextlib
import io
import json

import pytest

from loadtests import cli

LOG = "".join(f"{i / 10:.1f} {'u' if i % 3 else 'p'}:{i % 7}\n" for i in range(300))


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    path = tmp_path_factory.mktemp("profiled")
    (path / "log").write_text(LOG)
    folder = path / "profile"
    with contextlib.redirect_stdout(io.StringIO()):
        assert cli.main(["profile", str(path / "log"), "--output", str(folder)]) == 0
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


@pytest.mark.parametrize("flag", ["--ttl-jitter-ratio", "--stale-seconds"])
@pytest.mark.parametrize("value", ["text", "nan", "-1"])
def test_lateness_beside_a_folder_is_checked_as_everywhere(profile, capsys, flag, value):
    words = [f"{flag}={value}", "--max-stale-seconds", "60"]

    assert cli.main(["recommend", profile, *words]) == 2

    refusal = capsys.readouterr().err
    assert refusal.startswith(f"error: {flag}: ")
    assert refusal.count("\n") == 1


def test_lateness_counts_in_the_worst_case(profile, capsys):
    words = ["--ttl-jitter-ratio", "0.5", "--stale-seconds", "10", "--max-stale-seconds", "17.5"]

    assert cli.main(["recommend", profile, *words, "--json"]) == 0

    # 5 s · 1.5 + 10 s is 17.5 s; the next TTL is longer.
    assert json.loads(capsys.readouterr().out)["largest_ttl_seconds"] == 5.0


def test_trace_in_flags_is_replayed(tmp_path, capsys):
    trace = tmp_path / "ids"
    trace.write_text("1\n2\n3\n" * 100)
    words = ["--rate", "1", "--arrivals", "paced", "--ttl", "2,4", "--min-hit-ratio", "0.4"]

    assert cli.main(["recommend", "--trace", str(trace), *words, "--json"]) == 0

    answer = json.loads(capsys.readouterr().out)
    # Each id comes again after 3 s: every second lookup of it finds an entry of 4 s.
    assert [each["hit_ratio"] for each in answer["candidates"]] == pytest.approx([0, 0.5], abs=0.01)
    assert {each["known_by"] for each in answer["candidates"]} == {"replay"}


def test_workload_may_have_writes_a_preset_and_stale_serving(capsys):
    words = ["recommend", "--items", "100", "--ttl", "5", "--max-stale-seconds", "1000", "--json"]

    for flags in (["--write-ratio", "0.3"], ["--preset", "twitter-cluster7"], []):
        assert cli.main([*words, *flags]) == 0
    written, preset, plain = (
        json.loads(line)["candidates"][0] for line in capsys.readouterr().out.splitlines()
    )
    assert written["hit_ratio"] < plain["hit_ratio"]
    assert preset["worst_stale_seconds"] == pytest.approx(5.55)

    assert cli.main([*words, "--protection", "stale"]) == 0
    # The service keeps stale entries for 30 s unless it is told otherwise.
    (stale,) = json.loads(capsys.readouterr().out)["candidates"]
    assert stale["worst_stale_seconds"] == 35.0


def test_times_of_a_sweep_give_the_p99_of_a_profile(profile, folder, capsys):
    words = ["--max-p99-ms", "12.5", "--times-from", str(folder), "--json"]

    assert cli.main(["recommend", profile, *words]) == 0

    # The sweep by hand: misses take 12 ms, and more than one lookup in a hundred is one.
    answer = json.loads(capsys.readouterr().out)
    assert [each["p99_seconds"] for each in answer["candidates"]] == pytest.approx(
        [0.012] * len(answer["candidates"])
    )


def test_prices_alone_are_answered_with_the_break_even_interval(profile, capsys):
    words = ["--memory-price", "3.6e-3", "--store-read-price", "1", "--entry-bytes", "1000"]

    assert cli.main(["recommend", profile, *words, "--json"]) == 0

    answer = json.loads(capsys.readouterr().out)
    assert answer["break_even_seconds"] == pytest.approx(1e6)
    assert answer["cheapest_ttl_seconds"] is not None


def test_no_class_gets_a_ttl_whose_answers_are_too_old(profile, capsys):
    words = ["recommend", profile, "--per-class", "--min-hit-ratio", "0.3", "--json"]

    assert cli.main([*words, "--max-stale-seconds", "2"]) == 0

    classes = json.loads(capsys.readouterr().out)["classes"]
    assert max(each["ttl_seconds"] for each in classes) <= 2.0


def test_classes_keep_a_rate_of_store_reads_together(profile, capsys):
    # Ten reads a second: at most 4 reads of the store are a hit ratio of 0.6.
    words = ["recommend", profile, "--per-class", "--max-store-rate", "4.0", "--json"]

    assert cli.main(words) == 0

    classes = json.loads(capsys.readouterr().out)["classes"]
    reads = sum(each["reads"] for each in classes)
    missed = sum(each["reads"] * (1 - each["hit_ratio"]) for each in classes)
    assert missed / reads * 300 / 29.9 <= 4.0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["{profile}", "--min-hit-ratio", "0.9", "--fill-ms", "5"], "--fill-ms describes a"),
        (["{folder}", "--min-hit-ratio", "0.9", "--times-from", "{folder}"], "has its own; leave"),
        (["{profile}", "--max-p99-ms", "9", "--times-from", "/nowhere"], "/nowhere holds no"),
        (["/nowhere", "--min-hit-ratio", "0.9"], "neither profile.json nor run.json; name the"),
        (["--min-hit-ratio", "0.9", "--trace", "/nowhere"], "--trace: trace /nowhere cannot be"),
        (["--min-hit-ratio", "0.9", "--protection", "early"], "measure it by: python -m loadtests"),
        (["--min-hit-ratio", "0.9", "--ttl", "0"], "--ttl 0 switches the cache off; name a TTL"),
        (["--min-hit-ratio", "0.9", "--skew", "0,1"], "recommend takes one skew; give a single"),
        (
            ["{profile}", "--min-hit-ratio", "0.1", "--per-class", "--max-memory-mb", "9"],
            "--max-memory-mb is not known of each class; leave it or --per-class out",
        ),
    ],
)
def test_words_that_contradict_each_other_are_refused(profile, folder, capsys, words, message):
    given = [word.format(profile=profile, folder=folder) for word in words]

    assert cli.main(["recommend", *given]) == 2

    refusal = capsys.readouterr().err
    assert message in refusal
    assert refusal.count("\n") == 1

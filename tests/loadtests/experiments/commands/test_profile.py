"""The profile verb: its answer, what it says of the log, and its refusals."""

import json

import pytest

from loadtests import cli
from loadtests.experiments.commands import profile

LOG = "".join(f"{i / 10:.1f} k{i % 7}\n" for i in range(200))


def _profile(tmp_path, *flags, content=LOG):
    (tmp_path / "log").write_text(content)
    return cli.main(["profile", str(tmp_path / "log"), "--output", str(tmp_path / "out"), *flags])


def test_answer_is_one_object_with_the_curve(tmp_path, capsys):
    assert _profile(tmp_path, "--json", "--ttls", "0.5,2") == 0

    answer = json.loads(capsys.readouterr().out)
    assert answer == json.loads((tmp_path / "out" / "profile.json").read_text())
    assert (answer["requests"], answer["keys"]) == (200, 7)
    assert answer["span_seconds"] == pytest.approx(19.9)
    assert answer["ceiling"] == pytest.approx(193 / 200)
    short, long = answer["curve"]
    # A key comes every 0.7 s, 28 or 29 times: under 2 s every third time is a fill, so 10 times.
    assert (short["ttl_seconds"], short["hit_ratio"]) == (0.5, 0.0)
    assert long["misses"] == {"first": 7, "expired": 63, "written": 0}
    assert long["hit_ratio"] == 130 / 200
    assert long["live_entries_peak"] == 7


def test_table_fits_and_says_what_no_ttl_beats(tmp_path, capsys):
    assert _profile(tmp_path, "--items", "3") == 0

    captured = capsys.readouterr()
    assert "No TTL gets more than 96.5 % hits" in captured.out
    assert max(map(len, captured.out.splitlines())) <= 100
    assert "read: 200 requests for 7 keys (seconds-key)" in captured.err


def test_table_of_classes_says_how_many_it_leaves_out_and_where_a_name_is_cut(tmp_path, capsys):
    names = ["a-class-with-a-very-long-name", *(f"class{i}" for i in range(13))]
    log = "".join(f"{i} {names[min(i % 20, 13)]}:1\n" for i in range(200))

    assert _profile(tmp_path, content=log) == 0

    page = (tmp_path / "out" / "report.html").read_text()
    for text in (capsys.readouterr().out, page):
        assert "a-class-with-a-very-lon…" in text
        assert "The 12 classes with most reads; 2 more are not shown." in text


def test_what_was_read_stays_on_one_sheet_of_paper(tmp_path):
    assert _profile(tmp_path) == 0

    page = (tmp_path / "out" / "report.html").read_text()
    assert ".card, .doubts li { break-inside: avoid; }" in page


def test_dropped_lines_are_counted_and_the_first_one_is_shown(tmp_path, capsys):
    assert _profile(tmp_path, content=LOG + "what is this line\n") == 0

    notes = capsys.readouterr().err
    assert "dropped: 1 not understood" in notes
    assert "line 201: 'what is this line' is not understood as seconds-key" in notes


@pytest.mark.parametrize(
    ("flags", "content", "message"),
    [
        (["--ttls", "0,5"], LOG, "--ttls: 0 is no cache at all; give TTLs above 0"),
        (["--ttls", "x"], LOG, "--ttls: ttls must be a number, got 'x'"),
        (["--bytes", "1000"], LOG, "--bytes needs sizes, and the log has none"),
        ([], "key\nlog\n", "the log has no times; give the rate"),
        (["--columns", "time=1,key=2,op=3"], "1,a,DEL\n2,b,DEL\n", "changes alone and no read"),
        (["--columns", "time=1,key=2"], "1,a\n", "holds one request; a profile needs more"),
        (
            ["--columns", "key=1", "--format", "arc"],
            LOG,
            "--columns and --format both say",
        ),
        (["--line-regex", "(?P<key>k)", "--columns", "key=1"], LOG, "give one of them"),
        (["--delimiter", ";"], LOG, "--delimiter needs --columns, such as --columns time=1,key=2"),
        (["--arrivals", "poisson"], LOG, "--arrivals poisson needs a --rate, such as --rate 500"),
    ],
)
def test_refusal_is_one_line_and_leaves_no_folder(tmp_path, capsys, flags, content, message):
    assert _profile(tmp_path, *flags, content=content) == 2

    refusal = capsys.readouterr().err
    assert message in refusal
    assert refusal.count("error: ") == 1
    assert not (tmp_path / "out").exists()


def test_log_that_is_named_twice_is_refused(tmp_path, capsys):
    (tmp_path / "log").write_text(LOG)
    (tmp_path / "other").symlink_to("log")

    assert cli.main(["profile", *(str(tmp_path / name) for name in ("log", "other"))]) == 2
    assert f"{tmp_path}/other is named twice; name it once" in capsys.readouterr().err


@pytest.mark.parametrize("step", ["read_logs", "profile_of"])
def test_interrupt_is_one_line_and_leaves_no_folder(tmp_path, capsys, monkeypatch, step):
    def interrupted(*_words):
        raise KeyboardInterrupt

    monkeypatch.setattr(profile, step, interrupted)

    assert _profile(tmp_path) == 130
    assert capsys.readouterr().err.splitlines()[-1].startswith("interrupted; ")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("flag", "value", "message"),
    [
        ("--columns", "time=1", "must name the place of key"),
        ("--columns", "key=0", "columns are counted from 1"),
        ("--columns", "key=1,key=2", "time, op and size, each once"),
        ("--line-regex", "(", "is not a regex"),
        ("--line-regex", "a", "must have the group (?P<key>…)"),
        ("--rate", "0", "rate must be a number from 1e-06"),
        ("--delimiter", "ab", "must be one character"),
        ("--items", "0", "must be a whole number from 1"),
        ("--format", "pcap", "invalid choice: 'pcap'"),
    ],
)
def test_wrong_value_of_a_flag_is_named(tmp_path, capsys, flag, value, message):
    with pytest.raises(SystemExit) as refused:
        _profile(tmp_path, flag, value)

    assert refused.value.code == 2
    assert message in capsys.readouterr().err

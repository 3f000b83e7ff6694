"""What a terminal that knows ASCII only is shown."""

import io
import os
import signal
import subprocess
import sys

import pytest

from loadtests.cli import main
from loadtests.stack.guardian import ROOT


def test_help_and_refusals_are_shown_where_only_ascii_can_be():
    """A character that the terminal cannot show becomes another, and no run is lost for it."""
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    for words in (["sweep", "--help"], ["sweep", "--protection", "Gl\u00fcck\u2026"]):
        shown = subprocess.run(
            [sys.executable, "-m", "loadtests", *words],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            check=False,
        )

        assert b"Traceback" not in shown.stderr
        assert shown.returncode == (0 if "--help" in words else 2)


@pytest.mark.parametrize(
    ("shell", "message"),
    [
        (
            "{} --json >/dev/full",
            b"device; make room there, or set another --output, or TMPDIR for temporary files\n",
        ),
        ("ulimit -f 8; {}", b"/out/report.html'\n"),
    ],
    ids=["answer to a full disk", "report to a full disk"],
)
def test_output_that_cannot_be_written_is_one_line(tmp_path, shell, message):
    log = tmp_path / "log"
    log.write_text("time,key\n1,a\n2,b\n3,a\n")
    command = f"{sys.executable} -m loadtests profile {log} --output {tmp_path}/out"
    done = subprocess.run(
        ["bash", "-c", shell.format(command)], cwd=ROOT, capture_output=True, check=False
    )

    assert done.returncode == 2
    assert b"error: [Errno " in done.stderr
    assert done.stderr.endswith(message)
    assert b"Traceback" not in done.stderr


def test_stderr_without_room_ends_a_verb_as_any_other_file_does(tmp_path):
    command = f"{sys.executable} -m loadtests report {tmp_path} 2>/dev/full"

    assert subprocess.run(["bash", "-c", command], cwd=ROOT, check=False).returncode == 2


def test_ctrl_c_ends_a_verb_without_a_word_while_it_is_imported(tmp_path):
    # A module of the verb that is never read to its end stands for the second that all take.
    (tmp_path / "rich.py").write_text("import time\nprint('reading', flush=True)\ntime.sleep(60)\n")
    with subprocess.Popen(
        [sys.executable, "-m", "loadtests", "profile", "--help"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as verb:
        assert verb.stdout.readline() == b"reading\n"
        verb.send_signal(signal.SIGINT)

        assert verb.communicate(timeout=30) == (b"", b"")
    assert verb.returncode == 130


def test_name_of_a_log_may_have_bytes_that_are_no_text(tmp_path):
    log = tmp_path / "l\udcff<b>.log"
    log.write_text("time,key\n1,a\n2,b\n3,a\n")
    code = main(["profile", str(log), "--output", str(tmp_path / "out")])

    assert code == 0
    assert "l?&lt;b&gt;.log" in (tmp_path / "out/report.html").read_text()


def test_tables_of_a_run_are_shown_to_the_last_line_where_only_ascii_can_be(folder, monkeypatch):
    streams = [io.TextIOWrapper(io.BytesIO(), "ascii", write_through=True) for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    code = main(["report", str(folder)])
    out, err = (stream.buffer.getvalue().decode("ascii") for stream in streams)

    assert code == 0
    assert "hit" in out
    assert err.splitlines()[-1].startswith("report: ")

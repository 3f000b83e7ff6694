"""`make demo` as a new user runs it: in a fresh clone, with nothing installed."""

import re
import shutil
import subprocess
import sys
import time

import pytest

from loadtests.experiments.figures.results import load_results
from loadtests.stack.descendants import descendants, process_table
from loadtests.stack.guardian import ROOT
from loadtests.stack.ports import is_taken


@pytest.fixture
def clone(tmp_path):
    """Return a folder with the files that a clone of the working tree would have."""
    listed = subprocess.check_output(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, text=True
    )
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def _processes_until_end(run):
    """Wait until a program ends; return all processes that it had."""
    seen = set()
    while run.poll() is None:
        seen |= descendants(run.pid)
        time.sleep(0.2)
    return seen


@pytest.mark.integration
def test_demo_of_one_short_ttl_ends_with_its_table(require_servers, tmp_path):
    del require_servers
    folder = tmp_path / "demo"
    short = f"--ttl 0.5 --window-ttls 10 --rate 100 --items 50 --output {folder}"
    # What is installed stays as it is.
    installed = f"-o.venv/.run-{sys.version_info.major}.{sys.version_info.minor}"

    done = subprocess.run(
        ["make", installed, "demo", f"PYTHON={sys.executable}", f"DEMO_ARGS={short}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    (trial,) = load_results(folder).trials
    assert trial.ttl_seconds == 0.5
    assert trial.hit_ratio == pytest.approx(trial.predicted_hit_ratio, abs=0.1)
    assert "1 of 1 trials" in done.stdout


@pytest.mark.accept
def test_demo_in_a_fresh_clone_matches_its_prediction_in_three_minutes_and_leaves_nothing(clone):
    said = clone.parent / "said"
    began = time.monotonic()

    with (
        said.open("w") as output,
        subprocess.Popen(
            ["make", "demo", f"PYTHON={sys.executable}"], cwd=clone, stdout=output, stderr=output
        ) as run,
    ):
        pids = _processes_until_end(run)

    took_seconds = time.monotonic() - began
    assert run.returncode == 0, said.read_text()
    assert pids & {row.pid for row in process_table() if row.state != "Z"} == set()
    ports = {int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)", said.read_text())}
    assert len(ports) >= 2
    assert {port for port in ports if is_taken(port)} == set()
    (folder,) = (clone / "results").iterdir()
    assert sum(file.stat().st_size for file in folder.rglob("*")) < 100e6
    trials = load_results(folder).trials
    assert len(trials) == 4
    for trial in trials:
        assert trial.hit_ratio == pytest.approx(trial.predicted_hit_ratio, abs=0.02)
    assert took_seconds <= 180

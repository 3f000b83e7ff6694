"""Runs a verb of the command line as a user does, and reads its answer in JSON."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from loadtests.stack.guardian import ROOT


def run_verb(*words: str | Path, timeout_seconds: float) -> subprocess.CompletedProcess[str]:
    """Run `python -m loadtests` with these words to its end, and keep what it printed."""
    return subprocess.run(
        [sys.executable, "-m", "loadtests", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_seconds,
    )


def answer_of_verb(*words: str | Path, timeout_seconds: float) -> Any:
    """Return what a verb that must succeed prints with --json."""
    done = run_verb(*words, "--json", timeout_seconds=timeout_seconds)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)

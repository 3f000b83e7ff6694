"""What a terminal that knows ASCII only is shown."""

import os
import subprocess
import sys

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

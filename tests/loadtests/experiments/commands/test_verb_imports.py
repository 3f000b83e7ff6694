"""A verb starts without the libraries that only other verbs compute with."""

import subprocess
import sys

import pytest

SHOW = "import sys; from loadtests import cli\ntry: cli.main([{verb!r}, '--help'])\n"
SHOW += "except SystemExit: print(*sorted({{'numba', 'plotly', 'scipy.stats'}} & set(sys.modules)))"


@pytest.mark.parametrize(
    ("verb", "libraries"),
    [
        ("run", []),
        ("compare", ["scipy.stats"]),
        ("profile", ["numba", "plotly"]),
        ("sweep", ["plotly"]),
    ],
)
def test_verb_imports_its_own_libraries_only(verb, libraries):
    shown = subprocess.run(
        [sys.executable, "-c", SHOW.format(verb=verb)], capture_output=True, text=True, check=True
    )

    assert shown.stdout.splitlines()[-1].split() == libraries

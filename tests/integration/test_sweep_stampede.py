"""A short stampede bench on two real service processes."""

import json
import subprocess
import sys

import pytest

from loadtests.experiments.stack.guardian import ROOT

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("bring_servers")]


def test_unprotected_key_is_loaded_many_times_and_a_leased_one_hardly(tmp_path):
    words = "--modes none,lease --refreshes 3 --ttl 0.8 --store-delay-seconds 0.1"

    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "loadtests",
            "stampede",
            *words.split(),
            "--rate",
            "200",
            "--database",
            "sqlite",
            "--json",
            "--output",
            str(tmp_path),
        ],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert run.returncode == 0, run.stderr
    none, lease = json.loads(run.stdout)["modes"]
    assert none["protection"] == "none"
    assert none["predicted"] == pytest.approx(21, rel=0.15)
    assert none["loads_per_refresh"] > 10
    assert none["refreshes"] == lease["refreshes"] == 3
    assert lease["predicted"] == 1
    assert lease["loads_per_refresh"] < none["loads_per_refresh"] / 3
    assert (tmp_path / "trial-02.json").exists()
    assert (tmp_path / "stampede.json").exists()

"""The full figures that are promised for a trace and for the stampede bench; takes minutes."""

import os
from functools import partial
from pathlib import Path

import pytest

from loadtests.stack.guardian import ROOT
from tests.integration.verb_answers import answer_of_verb

TRACE = Path(os.environ.get("WEB07_TRACE", ROOT.parent / "shared" / "data" / "web07.txt"))

pytestmark = [pytest.mark.accept, pytest.mark.usefixtures("require_servers")]


run_json = partial(answer_of_verb, timeout_seconds=1200)


@pytest.fixture
def trace():
    if not TRACE.exists():
        missing = f"no trace at {TRACE}; set WEB07_TRACE to its path"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return TRACE


def test_offload_ratio_of_a_shops_trace_matches_its_replay(trace, tmp_path):
    words = ["--requests", "30000", "--rate", "500", "--arrivals", "paced", "--ttl", "1,5,30"]

    trials = run_json("sweep", "--trace", str(trace), *words, "--output", str(tmp_path))["trials"]

    expected = {1.0: 0.3325, 5.0: 0.4238, 30.0: 0.5409}
    for trial in trials:
        results = trial["results"]
        assert trial["offload_ratio"] == pytest.approx(expected[trial["ttl_seconds"]], abs=0.01)
        assert results["hit"] + results["coalesced"] + results["miss"] == trial["lookups"] == 30000


def test_loads_per_refresh_of_a_hot_key_match_theory(tmp_path):
    modes = {
        mode["protection"]: mode
        for mode in run_json("stampede", "--output", str(tmp_path))["modes"]
    }

    # On a machine with nothing else to do no trial is doubted.
    assert {name for name, mode in modes.items() if not mode["trusted"]} == set()
    assert modes["none"]["loads_per_refresh"] == pytest.approx(51, rel=0.1)
    assert modes["single-flight"]["loads_per_refresh"] <= 2
    assert modes["lease"]["loads_per_refresh"] == 1
    assert modes["early"]["loads_per_refresh"] == pytest.approx(2.72, abs=0.7)
    assert modes["early"]["waited"] == 0
    assert modes["stale"]["loads_per_refresh"] == 1
    assert modes["stale"]["p99_at_expiry_ms"] <= max(
        2 * modes["stale"]["p99_between_ms"], modes["stale"]["p99_between_ms"] + 5
    )

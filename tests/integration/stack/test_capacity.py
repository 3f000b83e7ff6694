"""`python -m loadtests capacity` on real servers."""

import json

import pytest

from tests.integration.verb_answers import run_verb

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("require_servers")]


def capacity(folder, words):
    given = ("capacity", *words.split(), "--json", "--output", folder)
    done = run_verb(*given, timeout_seconds=1200)
    return json.loads(done.stdout)["capacities"], done.stderr


def test_bound_that_a_step_keeps_is_an_answer_at_least_as_high_as_its_rate(tmp_path):
    # One step of 2 s at 600 lookups a second: n = 1,200.
    words = "--max-p99-ms 2000 --hit-ratio 0.5 --items 100 --database sqlite"
    words += " --from-rate 600 --to-rate 600 --step-seconds 2"

    (found,), err = capacity(tmp_path / "run", words)

    assert (found["capacity"], found["breaks_at"], found["limited_by"]) == (600, None, None)
    (step,) = found["steps"]
    assert step["lookups"] == pytest.approx(1200, abs=150)
    assert step["hit_ratio"] == pytest.approx(0.5, abs=0.08)
    assert step["slower_ratio"] < 0.01
    assert "searches: 1; at most" in err
    assert (tmp_path / "run/report.html").stat().st_size > 1_000_000


@pytest.mark.accept
def test_search_closes_in_on_the_rate_at_which_the_bound_breaks(tmp_path):
    words = "--max-p99-ms 25 --hit-ratio 0.5,0.9 --items 500 --step-seconds 8"

    found, _ = capacity(tmp_path / "run", words)

    for each in found:
        assert each["capacity"] < each["breaks_at"] <= each["capacity"] * 1.11
        assert each["limited_by"] in {"service", "generator"}
        for step in each["steps"]:
            if step["verdict"] == "holds":
                assert step["p99_ms"] < 25
                assert step["hit_ratio"] == pytest.approx(each["hit_ratio"], abs=0.05)

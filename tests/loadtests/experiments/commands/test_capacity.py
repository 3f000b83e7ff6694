"""The verb capacity on a service that is not ours: what it refuses, and what it would run."""

import pytest

from loadtests import cli
from loadtests.experiments.commands.limits import capacity
from loadtests.service_under_test.client import ServiceError
from loadtests.target import reach

URL = "http://127.0.0.1:1/api/{key}"
TTL = ["--ttl-seconds", "5"]


@pytest.fixture
def searched(monkeypatch):
    """Replace the search; return what was to be searched."""
    seen = []
    monkeypatch.setattr(capacity.TargetStack, "__enter__", lambda stack: stack)
    monkeypatch.setattr(
        capacity, "run_capacity", lambda plan, stack, *_: seen.append((plan, stack))
    )
    monkeypatch.setattr(capacity, "publish", lambda *_, **__: 0)
    return seen


def test_target_with_one_ttl_is_searched_with_it_and_with_all_of_its_keys(searched, tmp_path):
    words = ["--target-url", URL, "--target-keys", "5-44", "--target-skip-keys", "10", *TTL]

    assert cli.main(["capacity", *words, "--output", str(tmp_path / "run")]) == 0

    ((plan, stack),) = searched
    assert [goal.ttl_seconds for goal in plan.goals] == [5.0]
    assert plan.load_values["items"] == 30
    assert list(stack.measured.arguments()) == words[:-2]
    control = stack.measured.control(None)
    assert control.set_knobs({"ttl_seconds": 5.0}) == {"ttl_seconds": 5.0}
    with pytest.raises(ServiceError, match="no knobs that can be changed"):
        control.set_knobs({"ttl_seconds": 6.0})


def test_target_whose_ttl_can_be_set_is_searched_for_each_hit_ratio(searched, tmp_path):
    words = ["--target-url", URL, "--set-ttl", "true {ttl}", "--hit-ratio", "0.5,0.9"]

    assert cli.main(["capacity", *words, "--output", str(tmp_path / "run")]) == 0

    ((plan, _),) = searched
    assert [goal.hit_ratio for goal in plan.goals] == [0.5, 0.9]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "--hit-ratio needs a way to set the TTL of the target; tell its TTL"),
        (
            ["--ttl-seconds", "1,5"],
            "--ttl-seconds must be the one TTL that the target has, got 1,5",
        ),
        ([*TTL, "--protection", "lease"], "protection is a knob of our own service, got 'lease'"),
        ([*TTL, "--items", "9", "--target-keys", "1-5"], "items must be at most the 5 keys"),
        ([*TTL, "--redis-url", "redis://127.0.0.1:1"], "--redis-url is not read"),
        ([*TTL, "--service-url", "http://127.0.0.1:1"], "--service-url names a service of ours"),
        ([*TTL, "--set-ttl", "true"], "--set-ttl must hold {ttl}"),
    ],
)
def test_search_that_a_target_cannot_serve_is_refused(searched, capsys, tmp_path, words, said):
    given = ["capacity", "--target-url", URL, *words, "--output", str(tmp_path / "run")]

    assert cli.main(given) == 2

    assert said in " ".join(capsys.readouterr().err.split())
    assert searched == []
    assert not (tmp_path / "run").exists()


def test_another_machine_is_not_climbed_beyond_the_rate_that_it_may_be_sent(
    searched, capsys, monkeypatch, tmp_path
):
    monkeypatch.setattr(reach, "is_this_machine", lambda *_: False)
    words = ["capacity", "--target-url", URL, *TTL, "--i-may-load-this-host"]

    assert cli.main([*words, "--output", str(tmp_path / "run")]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "--to-rate must be at most 200 to a target on another machine, got '20000'" in said

    assert cli.main([*words, "--to-rate", "200", "--output", str(tmp_path / "run")]) == 0
    assert searched

"""The verb sweep: its plans, its estimate, what it refuses, how it goes on."""

import dataclasses
import re

import pytest

from loadtests import cli
from loadtests.experiments.commands import sweep
from loadtests.experiments.plan.plan import make_plan
from loadtests.experiments.plan.toml_file import SHIPPED, read_plan_file
from loadtests.experiments.records.records import save_run
from loadtests.experiments.trial.parts import Probed
from loadtests.experiments.trial.sweep_trials import lay_out
from loadtests.experiments.trial.target_stack import TargetStack
from loadtests.service_under_test.memory_limit import MemoryLimit
from loadtests.stack.addresses import GivenServers, GivenService
from loadtests.stack.compose import ComposeStack
from loadtests.stack.guardian import StackError
from loadtests.stack.local import LocalStack
from loadtests.workload.presets import PRESETS

MINUTES = {
    "demo": (4, 2),
    "memory": (10, 40),
    "near": (4, 9),
    "negative": (6, 7),
    "protections": (20, 10),
    "skew": (30, 55),
    "staleness": (12, 10),
    "ttl": (21, 45),
    "twitter": (6, 30),
    "ycsb-a": (3, 7),
    "ycsb-b": (3, 7),
    "ycsb-d": (3, 7),
}
"""Of each shipped plan: its trials, and the minutes that it takes at most."""


class FakeStack(LocalStack):
    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


@pytest.fixture
def measured(monkeypatch):
    """Replace the stack and the trials; return what was to be measured."""
    seen = []
    monkeypatch.setattr(sweep, "chosen_stack", lambda *_: FakeStack())
    monkeypatch.setattr(sweep, "run_sweep", lambda laid_out, *_: seen.append(laid_out))
    monkeypatch.setattr(sweep, "publish", lambda *_, **__: 0)
    return seen


def shipped(name):
    return lay_out(make_plan(*read_plan_file(SHIPPED / f"{name}.toml")))


def test_every_shipped_plan_is_expected_here():
    assert {path.stem for path in SHIPPED.glob("*.toml")} == set(MINUTES)


@pytest.mark.parametrize("name", MINUTES)
def test_shipped_plan_has_its_trials_and_takes_no_more_than_said(name):
    laid_out = shipped(name)

    trials, minutes = MINUTES[name]
    assert len(laid_out.trials) == trials
    assert sum(laid_out.expected_seconds.values()) < minutes * 60 <= 3600


@pytest.mark.parametrize("name", MINUTES)
def test_shipped_plan_is_run_by_its_name(measured, tmp_path, name):
    assert cli.main(["sweep", name, "--output", str(tmp_path / "run")]) == 0

    assert measured[0].plan.title == shipped(name).plan.title


def test_plans_vary_what_their_names_say():
    axes = {name: set(shipped(name).plan.axes) for name in MINUTES}

    assert axes["skew"] == {"skew"}
    assert axes["protections"] >= {"protection"}
    assert axes["staleness"] == {"write_ratio", "invalidation"}
    assert axes["near"] == {"near_seconds"}
    assert axes["negative"] >= {"negative_ttl_seconds"}
    assert axes["memory"] == {"maxmemory_entries", "maxmemory_policy"}
    assert len(shipped("ttl").plan.ttl_seconds) > 5
    writes = {name: shipped(name).plan.load.write_ratio for name in ("ycsb-a", "ycsb-b", "ycsb-d")}
    assert writes == {"ycsb-a": 0.5, "ycsb-b": 0.05, "ycsb-d": 0.0}
    assert shipped("ycsb-d").plan.load.flags["popularity"] == "latest"
    assert set(shipped("twitter").plan.axes["preset"]) <= set(PRESETS)


def test_memory_plan_has_room_for_fewer_entries_than_would_be_alive():
    for trial in shipped("memory").trials:
        limit = MemoryLimit.for_entries(trial.memory.entries, trial.memory.policy, 10**6, 120)
        knobs = {"ttl_seconds": 20.0, "protection": "single-flight", "negative_ttl_seconds": 5.0}
        found = trial.predict(Probed(knobs, 0.001, limit=limit), None)
        assert found.crowding.live_entries > 1.2 * trial.memory.entries
        assert (found.hit_ratio is not None) == trial.memory.policy.endswith("-lru")


def test_list_names_every_plan_in_one_line(capsys):
    assert cli.main(["sweep", "--list"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == sorted(MINUTES)
    assert all(len(line.split()) > 4 for line in lines)


def test_estimate_is_said_before_anything_starts(measured, capsys, tmp_path):
    flags = ["--ttl", "1,2", "--protection", "none,lease", "--items", "20", "--window-ttls", "10"]

    cli.main(["sweep", *flags, "--output", str(tmp_path / "run")])

    notes = capsys.readouterr().err.splitlines()
    assert notes[0] == "TTL sweep: trials: 4; about 1 min 21 s"
    assert notes.index("starting the stack") == 1
    assert f"records: {tmp_path / 'run'}" in notes
    assert len(measured[0].left) == 4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--target-url", "http://127.0.0.1:1/{key}"], "connecting to the target; nothing is"),
        (
            ["--service-url", "http://127.0.0.1:1"],
            "asking the service whether it is ready;",
        ),
        (
            ["--redis-url", "redis://127.0.0.1:1", "--database-url", "mysql+pymysql://x@y/z"],
            "starting the service on the Redis and the database that are given",
        ),
        (["--compose"], "starting the containers, unless they are running"),
        ([], "starting the stack"),
    ],
)
def test_what_is_said_before_trials_is_what_is_done(monkeypatch, capsys, tmp_path, words, said):
    def refuse(_stack):
        raise StackError("not today")

    for kind in (LocalStack, ComposeStack, GivenService, GivenServers, TargetStack):
        monkeypatch.setattr(kind, "__enter__", refuse)

    cli.main(["sweep", "--ttl", "1", *words, "--output", str(tmp_path / "run")])

    assert capsys.readouterr().err.splitlines()[1].startswith(said)


def test_more_than_an_hour_needs_yes(measured, capsys, tmp_path):
    words = ["sweep", "--ttl", "3600", "--window-ttls", "3", "--output", str(tmp_path / "run")]

    assert cli.main(words) == 2
    refused = capsys.readouterr().err
    assert re.match(r"error: TTL sweep: trials: 1; about 4 h 30 min; start it with --yes", refused)
    assert refused.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
    assert cli.main([*words, "--yes"]) == 0
    assert len(measured) == 1


def test_ctrl_c_says_where_the_records_are_and_how_to_go_on(
    measured, monkeypatch, capsys, tmp_path
):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(sweep, "run_sweep", interrupted)
    folder = tmp_path / "run"

    assert cli.main(["sweep", "--ttl", "1", "--output", str(folder)]) == 130

    assert f"records: {folder}; go on by: python -m loadtests sweep --resume {folder}" in (
        capsys.readouterr().err
    )
    assert measured == []


def test_resumed_sweep_measures_what_is_left(measured, capsys, folder, run_record):
    plan = make_plan(*read_plan_file(SHIPPED / "demo.toml"))
    save_run(folder, dataclasses.replace(run_record, plan=dataclasses.asdict(plan)))

    assert cli.main(["sweep", "--resume", str(folder)]) == 0

    assert [trial.trial.number for trial in measured[0].left] == [4]
    assert "trials: 1 of 4, the others are measured; about" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("began_with", "words", "message"),
    [
        ("GET http://127.0.0.1:1/{key}", [], "give its --target flags again"),
        ("", ["--target-url", "http://127.0.0.1:1/{key}"], "leave the --target flags out"),
    ],
)
def test_sweep_of_a_target_is_not_resumed_on_our_service_nor_the_other_way_round(
    measured, capsys, folder, run_record, began_with, words, message
):
    plan = dataclasses.asdict(make_plan(*read_plan_file(SHIPPED / "demo.toml")))
    save_run(folder, dataclasses.replace(run_record, plan=plan, target=began_with))

    assert cli.main(["sweep", "--resume", str(folder), *words]) == 2

    assert measured == []
    assert message in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["demo", "--plan", "ttl"], "error: PLAN 'demo' and --plan 'ttl': give one of the two"),
        (["nowhere"], "error: plan 'nowhere' is not a file; give the path of a TOML file or one"),
        (["--resume", "/nowhere"], "error: /nowhere holds no run.json"),
        (["--resume", "/x", "--rate", "5"], "error: --rate cannot be given with --resume"),
        (["--resume", "/x", "demo"], "error: PLAN cannot be given with --resume"),
        (["--resume", "/x", "--output", "/y"], "error: --output cannot be given with --resume"),
        (["--protection", "none,luck"], "error: --protection: protection must be one of none"),
        (
            ["memory", "--service-url", "http://127.0.0.1:1"],
            "error: maxmemory_entries changes the configuration of Redis, which is done on the pri",
        ),
    ],
)
def test_user_error_is_one_line_and_exit_code_two(capsys, words, message):
    assert cli.main(["sweep", *words]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(message)
    assert err.count("\n") == 1

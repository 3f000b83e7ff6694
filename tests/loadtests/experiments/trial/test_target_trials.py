"""Trials of a service of one's own: whose counts they use, which keys, and what is doubted."""

import dataclasses
import sys

import numpy as np
import pytest

from loadtests import cli
from loadtests.experiments.commands.flags.own_service_flags import measured_target
from loadtests.experiments.commands.usage import UsageError
from loadtests.experiments.figures.trial_figures import figures_of
from loadtests.experiments.plan.fields import PlanError
from loadtests.experiments.plan.plan import make_plan
from loadtests.experiments.trial.runner import run_trials
from loadtests.experiments.trial.set_ttl import SetTtl
from loadtests.experiments.trial.sweep_trials import lay_out
from loadtests.experiments.trial.target_stack import Measured, TargetStack
from loadtests.experiments.trial.target_sweep import on_target
from loadtests.prediction.measuring_window import Window
from loadtests.sender.samples import RESULT_INDEX, SAMPLE_DTYPE
from loadtests.service_under_test.client import ServiceError
from loadtests.service_under_test.counters import RedisCounters
from loadtests.target.target_control import TargetControl
from loadtests.target.target_file import TargetFlags, read_target

URL = "http://127.0.0.1:8080/api/{key}"


def described(**flags):
    return read_target(TargetFlags(url=URL, **flags))


def samples_from(began, words, seconds=12, rate=100):
    """Return a sample every 1/rate s, each answered after 1 ms; results in turn."""
    found = np.zeros(seconds * rate, dtype=SAMPLE_DTYPE)
    found["intended"] = began + np.arange(seconds * rate) / rate
    found["response"] = found["service"] = 0.001
    found["result"] = [RESULT_INDEX[words[at % len(words)]] for at in range(len(found))]
    return found


def measured(bench, load, plans, words, control=None):
    """Run trials of a target whose answers are *words* in turn; its loads are instant."""
    plans = [
        dataclasses.replace(plan, window=Window(1.5 * ttl, ttl, 10))
        for plan in plans
        for ttl in [plan.trial.ttl_seconds]
    ]
    clock = bench.clock
    bench = dataclasses.replace(
        bench,
        service=control or TargetControl(described(), {"ttl_seconds": 1.0}),
        redis=None,
        counted_by="client",
        read_samples=lambda _folder: samples_from(began[-1], words),
    )
    began = []
    start = bench.load.start

    def noting(*arguments):
        run = start(*arguments)
        begin = run.started_at
        run.started_at = lambda: began.append(begin()) or began[-1]
        return run

    object.__setattr__(bench.load, "start", noting)
    run_trials(bench, load, plans)
    return clock


def figures(saved, number=0):
    record, samples = saved[number]
    samples = samples.copy()
    samples["intended"] -= record.started_at
    return figures_of(record, samples)


def kinds(trial):
    return {doubt.kind: doubt.scope for doubt in trial.doubts}


def test_answers_are_counted_by_the_client_where_the_service_has_no_counters(
    bench, load, trial_plan, saved
):
    measured(bench, load, [trial_plan()], ["hit", "hit", "hit", "miss"])

    trial = figures(saved)
    assert trial.hit_ratio == pytest.approx(0.75, abs=0.002)
    assert trial.lookups == pytest.approx(1000, abs=2)
    assert trial.counted_by == "client"
    assert trial.store_queries_per_second is None
    assert "disagreement" not in kinds(trial)
    assert kinds(trial)["not-emptied"] == "note"
    assert trial.trusted


def test_answers_that_say_nothing_make_the_hit_ratio_unknown_and_leave_the_latencies(
    bench, load, trial_plan, saved
):
    measured(bench, load, [trial_plan()], ["unknown"])

    trial = figures(saved)
    assert (trial.hit_ratio, trial.offload_ratio, trial.residual) == (None, None, None)
    assert trial.results["unknown"] == trial.lookups == pytest.approx(1000, abs=2)
    assert trial.percentiles["all response"].p50 == pytest.approx(0.001)
    assert kinds(trial)["results-unknown"] == "note"
    assert trial.trusted


def test_some_answers_that_say_nothing_may_have_been_hits(bench, load, trial_plan, saved):
    measured(bench, load, [trial_plan()], ["hit", "unknown"])

    assert figures(saved).hit_ratio is None


def test_redis_gives_the_hit_ratio_that_answers_do_not_tell(bench, world, load, trial_plan, saved):
    def reads():
        seen = round((world.clock.now - 1000.0) * 100)
        return RedisCounters(seen * 8 // 10, seen - seen * 8 // 10)

    control = TargetControl(described(), {"ttl_seconds": 1.0}, key_reads=reads)
    measured(bench, load, [trial_plan()], ["unknown"], control=control)

    trial = figures(saved)
    assert trial.hit_ratio == pytest.approx(0.8, abs=0.002)
    assert trial.counted_by == "redis"
    assert kinds(trial)["counted-by-redis"] == "note"


class Counted(TargetControl):
    """A target whose metrics say what a function of the time returns."""

    def __init__(self, clock, reads):
        super().__init__(described(), {"ttl_seconds": 1.0})
        self.clock, self.reads = clock, reads

    def key_reads(self):
        return self.reads(round((self.clock.now - 1000.0) * 100))


def test_counters_of_the_target_give_the_hit_ratio_that_answers_do_not_tell(
    bench, world, load, trial_plan, saved
):
    control = Counted(world.clock, lambda seen: {"true": seen * 3 // 4, "false": seen // 4})
    bench = dataclasses.replace(bench, told_by="counters")
    measured(bench, load, [trial_plan()], ["unknown"], control=control)

    trial = figures(saved)
    assert trial.hit_ratio == pytest.approx(0.75, abs=0.002)
    assert trial.counted_by == "counters"
    assert kinds(trial)["counted-by-counters"] == "note"


def test_counters_are_not_asked_where_answers_tell(bench, world, load, trial_plan, saved):
    control = Counted(world.clock, lambda seen: {"true": 0, "false": seen})
    measured(bench, load, [trial_plan()], ["hit", "miss"], control=control)

    assert (figures(saved).counted_by, round(figures(saved).hit_ratio, 2)) == ("client", 0.5)


@pytest.mark.parametrize(
    ("reads", "doubt"),
    [
        (lambda seen: {"true": 3 * (seen % 700), "false": seen}, "counters-backwards"),
        (lambda seen: {"true": seen}, "counters-missing"),
        (lambda seen: {"true": seen} | ({"false": 1} if seen > 500 else {}), "counters-missing"),
    ],
)
def test_counters_that_are_missing_or_go_backwards_leave_the_hit_ratio_unknown(
    bench, world, load, trial_plan, saved, reads, doubt
):
    measured(bench, load, [trial_plan()], ["unknown"], control=Counted(world.clock, reads))

    trial = figures(saved)
    assert (trial.hit_ratio, trial.counted_by) == (None, "client")
    assert kinds(trial)[doubt] == "note"


def test_entries_of_an_earlier_trial_may_live_into_the_window(bench, load, trial_plan, saved):
    control = TargetControl(described(), set_ttl=lambda _seconds: None)
    plans = [trial_plan(1, 2.0), trial_plan(2, 0.5)]
    measured(bench, load, plans, ["hit", "miss"], control=control)

    assert kinds(figures(saved, 0))["not-emptied"] == "note"
    assert kinds(figures(saved, 1))["older-entries"] == "trial"


def test_keys_never_asked_for_are_as_good_as_an_empty_cache(bench, load, trial_plan, saved):
    plan = dataclasses.replace(trial_plan(), new_keys=True)
    measured(bench, load, [plan], ["hit", "miss"])

    assert kinds(figures(saved)).keys().isdisjoint({"not-emptied", "older-entries"})


def sweep_of(target, repetitions=2):
    plan = make_plan({}, {})
    load = dataclasses.replace(plan.load, flags={**plan.load.flags, "items": 50})
    plan = dataclasses.replace(plan, ttl_seconds=(2.0,), repetitions=repetitions, load=load)
    return on_target(lay_out(plan), Measured(target, TargetFlags(), 2.0, None))


def test_each_trial_has_keys_of_its_own_where_there_are_enough():
    sweep = sweep_of(described(keys="1-100", skip_keys=0))

    assert [trial.arguments for trial in sweep.trials] == [(), ("--target-skip-keys", "50")]
    assert all(trial.new_keys for trial in sweep.trials)


def test_trials_share_keys_where_there_are_too_few():
    sweep = sweep_of(described(keys="1-99", skip_keys=10))

    assert [trial.arguments for trial in sweep.trials] == [("--target-skip-keys", "10")] * 2
    assert not any(trial.new_keys for trial in sweep.trials)


def test_several_endpoints_have_no_prediction(tmp_path):
    file = tmp_path / "two.toml"
    file.write_text("".join(f'[[endpoints]]\nurl = "{URL}/{name}"\n' for name in "ab"))
    (first, *_) = sweep_of(read_target(TargetFlags(file=str(file)))).trials

    assert first.replay is None
    assert first.predict(None, None).hit_ratio is None


def test_load_generator_gets_the_words_and_no_secret(monkeypatch):
    monkeypatch.setenv("SHOP_TOKEN", "s3cret")
    flags = TargetFlags(url=URL, keys="1-9", headers=("Authorization: ${SHOP_TOKEN}",))
    target = read_target(flags)
    stack = TargetStack(Measured(target, flags, 2.0, None), None)

    assert list(stack.measured.arguments()) == [
        *("--target-url", URL, "--target-keys", "1-9"),
        *("--target-header", "Authorization: ${SHOP_TOKEN}"),
    ]
    assert "s3cret" not in " ".join(stack.lines)


def test_ttl_is_set_by_a_command_without_a_shell(tmp_path):
    script = f"import pathlib; pathlib.Path({str(tmp_path / 'ttl')!r}).write_text('{{ttl}}')"

    SetTtl(f'{sys.executable} -c "{script}"')(0.5)

    assert (tmp_path / "ttl").read_text() == "0.5"


def test_a_ttl_of_a_month_is_written_out(tmp_path):
    script = f"import pathlib; pathlib.Path({str(tmp_path / 'ttl')!r}).write_text('{{ttl_ms}}')"

    SetTtl(f'{sys.executable} -c "{script}"')(2678400.0)

    assert (tmp_path / "ttl").read_text() == "2678400000"


def test_table_of_the_target_sets_the_ttl_of_each_trial_and_no_command_beside_it(tmp_path):
    file = tmp_path / "shop.toml"
    file.write_text(f'url = "{URL}"\n[ttl]\nurl = "http://127.0.0.1:1/{{ttl}}"\n')
    flags = TargetFlags(file=str(file))
    sweep = lay_out(dataclasses.replace(make_plan({}, {}), ttl_seconds=(2.0, 5.0)))
    target = read_target(flags)
    told = measured_target(target, flags, sweep, None)

    assert told.ttl_seconds is None
    with pytest.raises(ServiceError, match=r"PATCH http://127\.0\.0\.1:1"):
        told.control(None).set_knobs({"ttl_seconds": 2.0})
    with pytest.raises(UsageError, match=r"--set-ttl must stand alone.*\[ttl\] of"):
        measured_target(target, flags, sweep, "./set.sh {ttl}")


def test_command_that_fails_says_its_last_word():
    with pytest.raises(ServiceError, match=r"ended with 3: no such zone; correct the command"):
        SetTtl("sh -c 'echo no such zone >&2; exit 3 # {ttl}'")(1.0)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("./set.sh", "must hold {ttl}"),
        ("no-such-program {ttl}", "'no-such-program'"),
        ("sh -c 'x {ttl}", "No closing quotation"),
    ],
)
def test_command_that_will_not_do_is_refused(command, words):
    with pytest.raises(PlanError, match=words):
        SetTtl(command)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--ttl", "1,5"], "--ttl must be the one TTL that the target has, got 1,5"),
        (["--ttl", "5", "--protection", "lease"], "protection is a knob of our own service"),
        (["--ttl", "5", "--missing-ratio", "0.1"], "missing-ratio must be 0"),
        (["--ttl", "5", "--scenario", "ReadWrite"], "'ReadWrite'"),
        (["--ttl", "5", "--compose"], "--compose"),
        (["--ttl", "5", "--target-keys", "1-9", "--items", "10"], "at most the 9 keys"),
        (["--ttl", "1,5", "--set-ttl", "./none.sh {ttl}"], "'./none.sh'"),
        (["--ttl", "5", "--redis-url", "redis+cluster://127.0.0.1"], "--redis-url"),
    ],
)
def test_sweep_that_a_target_cannot_do_is_refused_before_anything_starts(
    capsys, tmp_path, flags, words
):
    folder = tmp_path / "run"

    code = cli.main(["sweep", "--target-url", URL, *flags, "--output", str(folder)])

    refusal = capsys.readouterr().err
    assert code == 2
    assert words in refusal
    assert refusal.count("\n") == 1
    assert not folder.exists()


def test_stack_names_the_counters_without_what_may_be_secret(tmp_path):
    file = tmp_path / "shop.toml"
    page = "http://127.0.0.1:8080/metrics?token=s3cret"
    file.write_text(
        f'url = "{URL}"\n[counters]\nurl = "{page}"\nhits = "a_total"\n'
        "misses = 'b{kind=\"miss\"}'\n"
    )
    flags = TargetFlags(file=str(file))
    stack = TargetStack(Measured(read_target(flags), flags, 2.0, None), None)

    counted = 'counters: a_total and b{kind="miss"}, at http://127.0.0.1:8080/metrics'
    assert stack.lines[-1] == counted

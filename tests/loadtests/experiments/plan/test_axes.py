"""Plans with axes: every list is one, and every combination of their values is a trial."""

import dataclasses
import itertools
import json

import pytest

from loadtests.experiments.plan.axes import combinations, split_axes, values_text
from loadtests.experiments.plan.fields import FIELDS, KNOBS, LOAD_FIELDS, Given, PlanError
from loadtests.experiments.plan.plan import make_plan, recorded_plan
from loadtests.experiments.plan.toml_file import read_plan_file
from loadtests.experiments.plan.trial_order import schedule
from loadtests.experiments.trial.parts import Probed, Room
from loadtests.experiments.trial.sweep_trials import lay_out
from loadtests.workload.flags import LOAD_FLAGS
from loadtests.workload.knob_flags import KNOB_FLAGS
from loadtests.workload.presets import PRESETS

ALONE = {"seed", "trace", "requests"}


def plan(knobs=(), **values):
    flags = {name: Given(value, f"--{name}") for name, value in values.items()}
    return make_plan(
        flags, {name: Given(value, f"--{name}") for name, value in dict(knobs).items()}
    )


def example(name):
    """Two values that a flag takes."""
    flag = next(flag for flag in (*LOAD_FLAGS, *KNOB_FLAGS) if flag.key == name)
    return flag.words[:2] or [flag.low, min(flag.high, flag.low + 1)]


def test_every_list_is_an_axis_and_commas_make_a_list():
    from_list = plan({"protection": ["none", "lease"]}, skew=[0.5, 1])
    from_text = plan({"protection": "none,lease"}, skew="0.5, 1")

    assert from_list == from_text
    assert from_list.axes == {"skew": (0.5, 1.0), "protection": ("none", "lease")}


@pytest.mark.parametrize("name", sorted({*LOAD_FIELDS, *KNOBS} - ALONE))
def test_any_knob_and_any_load_flag_can_be_an_axis(name):
    fields = KNOBS if name in KNOBS else FIELDS

    _, axes = split_axes({name: Given(list(example(name)), name)}, fields)

    assert list(axes) == [name]
    assert len(axes[name]) == 2


@pytest.mark.parametrize("name", sorted(ALONE))
def test_what_chooses_the_traffic_of_the_whole_plan_has_one_value(name):
    with pytest.raises(PlanError, match=f"{name} must have one value"):
        plan(**{name: [1, 2]})


def test_list_of_one_value_is_no_axis():
    assert plan(skew=[0.5]) == plan(skew=0.5)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"skew": []}, "--skew: skew must hold at least one value, got []"),
        ({"skew": [1, 1.0]}, "--skew: skew must name each value once"),
        ({"skew": [0.5, "x"]}, "--skew: skew must be a number from 0 to 10, got 'x'"),
        ({"skew": [0.5, True]}, "--skew: skew must not be true or false"),
        ({"rate": [1, -1]}, "--rate: rate must be a number from 0.01"),
        (
            {"missing_ratio": [0, 0.6], "one_hit_ratio": [0.3, 0.5]},
            "one_hit_ratio must be at most 1 less missing_ratio (0.6), got 0.5",
        ),
        (
            {"write_ratio": 0.1, "scenario": "ReadHeavy"},
            "write_ratio means nothing in scenario ReadHeavy, which writes nothing",
        ),
        (
            {"write_ratio": 0.1, "scenario": ["ReadWrite", "HotKey"]},
            "write_ratio means nothing in scenario HotKey",
        ),
        (
            {"preset": ["none", "twitter-cluster4"], "skew": 1},
            "skew means nothing beside preset twitter-cluster4, which has its own",
        ),
        ({"scenario": "ClosedLoop"}, "scenario must be one of ReadHeavy, ReadWrite, HotKey, M"),
        ({"trace": "x", "shape": "sine"}, "shape means nothing beside a trace"),
        ({"trace": "x", "preset": "twitter-cluster4"}, "preset means nothing beside a trace"),
        ({"trace": "x", "scenario": "HotKey"}, "scenario HotKey means nothing beside a trace"),
        (
            {"shape": "spike", "shape_period_seconds": 5},
            "a spike of spike_seconds 10 must be shorter than shape_period_seconds (5)",
        ),
        ({"maxmemory_policy": "allkeys-lru"}, "maxmemory_policy needs maxmemory_entries"),
        ({"maxmemory_policy": "fifo", "maxmemory_entries": 5}, "must be one of allkeys-lru"),
        (
            {"rate": list(range(1, 51)), "skew": [0, 1], "repetitions": 10},
            "a plan may have at most 2000 trials, got 3000: 3 TTLs, 100 combinations of rate, skew",
        ),
    ],
)
def test_wrong_axis_is_refused_in_one_line_with_place_and_remedy(values, message):
    with pytest.raises(PlanError) as refused:
        plan(**values)

    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_every_ttl_combination_and_repetition_is_a_trial_in_random_order():
    trials = schedule(
        plan({"protection": "none,lease"}, ttl_seconds="1,2", skew="0,1", repetitions=2)
    )

    found = [
        (t.ttl_seconds, t.values["skew"], t.values["protection"], t.repetition) for t in trials
    ]
    assert sorted(found) == sorted(itertools.product((1, 2), (0, 1), ("lease", "none"), (1, 2)))
    assert found != sorted(found)
    assert [trial.number for trial in trials] == list(range(1, 17))
    assert {(trial.repetition, trial.seed) for trial in trials} == {(1, 1), (2, 2)}


def test_each_trial_has_the_traffic_and_the_knobs_of_its_combination():
    sweep = lay_out(plan({"protection": "none,lease", "stale_seconds": 3}, rate="50,80", items=20))

    for trial in sweep.trials:
        values = trial.trial.values
        assert trial.load.rate == trial.load.settings(1).rate == values["rate"]
        assert trial.knobs == {
            "protection": values["protection"],
            "stale_seconds": 3.0,
            "ttl_seconds": trial.trial.ttl_seconds,
        }
        assert trial.lookups_per_second(trial.window) == values["rate"]
    assert {trial.trial.values["rate"] for trial in sweep.trials} == {50, 80}


def test_combination_in_words_names_each_axis():
    assert values_text({"protection": "lease", "skew": 0.8}) == "protection lease, skew 0.8"
    assert combinations({}) == [{}]


def test_toml_and_flags_make_the_same_axes(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("rate = [50, 100]\n[knobs]\nnear_seconds = [0, 1]\n")

    assert make_plan(*read_plan_file(file)) == plan({"near_seconds": "0,1"}, rate="50,100")


def test_writes_make_the_scenario_one_that_writes():
    written = plan(write_ratio=0.2)

    assert written.load.scenario == "ReadWrite"
    assert written.load.write_ratio == 0.2
    assert plan().load.write_ratio == 0.0
    assert plan().load.scenario == "ReadHeavy"


def test_preset_sets_skew_writes_spread_and_the_ttl_that_the_plan_leaves_open():
    published = PRESETS["twitter-cluster7"]
    taken = plan(preset="twitter-cluster7")

    settings = taken.load.settings(1)
    assert (settings.skew, settings.write_ratio) == (published.skew, published.write_ratio)
    assert taken.ttl_seconds == (published.ttl_seconds,)
    assert taken.at({}).knobs == {"ttl_jitter_ratio": published.ttl_jitter_ratio}
    assert plan(preset="twitter-cluster7", ttl_seconds=5).ttl_seconds == (5.0,)
    assert plan({"ttl_jitter_ratio": 0}, preset="twitter-cluster7").at({}).knobs == {
        "ttl_jitter_ratio": 0.0
    }


def test_each_value_of_a_preset_axis_has_its_own_figures():
    both = plan(preset="twitter-cluster7,none", ttl_seconds=1)

    first, second = (both.at({"preset": name}) for name in ("twitter-cluster7", "none"))
    assert (first.load.settings(1).skew, second.load.settings(1).skew) == (1.0666, 0.99)
    assert (first.knobs["ttl_jitter_ratio"], second.knobs["ttl_jitter_ratio"]) == (0.11, 0.0)


def test_memory_of_redis_is_an_axis_too():
    trials = lay_out(plan(maxmemory_entries="0,50", ttl_seconds=1)).trials

    assert {trial.trial.values["maxmemory_entries"]: trial.memory for trial in trials} == {
        0: Room(0, "allkeys-lru"),
        50: Room(50, "allkeys-lru"),
    }
    assert lay_out(plan(ttl_seconds=1)).trials[0].memory is None


def test_lookups_of_a_window_leave_out_writes_and_follow_the_shape():
    (written,) = lay_out(plan(ttl_seconds=1, rate=100, write_ratio=0.2)).trials
    (moved,) = lay_out(
        plan(ttl_seconds=1, rate=100, shape="ramp", shape_peak=3, shape_period_seconds=1)
    ).trials

    assert written.lookups_per_second(written.window) == pytest.approx(80)
    assert moved.lookups_per_second(moved.window) == pytest.approx(300)  # After the ramp


KNOWN = {"ttl_seconds": 1.0, "protection": "single-flight", "negative_ttl_seconds": 5.0}


def test_staleness_is_predicted_before_a_trial_that_writes_and_only_there():
    predictions = {
        (ratio, mode): lay_out(plan(ttl_seconds=1, rate=50, items=10, **ratio_of(ratio)))
        .trials[0]
        .predict(Probed({**KNOWN, "invalidation": mode}, 0.001), None)
        for ratio in (0.0, 0.3)
        for mode in ("none", "delete")
    }

    assert predictions[0.0, "none"].staleness is None
    assert predictions[0.3, "delete"].staleness.stale_ratio == 0
    assert 0.05 < predictions[0.3, "none"].staleness.stale_ratio < 0.9
    # Writes that leave entries alone leave the hit ratio alone; others cost hits.
    hits = {key: prediction.hit_ratio for key, prediction in predictions.items()}
    assert hits[0.3, "delete"] < hits[0.3, "none"] - 0.02
    assert predictions[0.3, "delete"].method.startswith("steady state in which writes delete")


def ratio_of(ratio):
    return {"write_ratio": ratio} if ratio else {}


def test_rate_that_moves_has_no_formula_but_a_replay():
    (trial,) = lay_out(plan(ttl_seconds=1, shape="sine", items=20)).trials

    assert trial.predict(Probed(KNOWN, 0.001), None).hit_ratio is None
    assert trial.replay(Probed(KNOWN, 0.001), 3.0).record([0.0, 3.0], None).hit_ratio > 0


def test_plan_of_a_record_is_the_plan_it_was_made_from(tmp_path):
    trace = tmp_path / "ids.txt"
    trace.write_text("1\n")
    for made in (
        plan({"protection": "none,lease"}, skew="0,1", maxmemory_entries=5),
        plan(trace=str(trace), rate="10,20"),
    ):
        written = json.loads(json.dumps(dataclasses.asdict(made), default=str))

        assert recorded_plan(written) == made
        assert schedule(recorded_plan(written)) == schedule(made)

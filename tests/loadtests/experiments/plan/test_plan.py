"""Plans from flags and files: what is refused, and the trials they are laid out to."""

import pytest

from loadtests.experiments.plan.fields import Given, PlanError
from loadtests.experiments.plan.plan import make_plan
from loadtests.experiments.plan.toml_file import SHIPPED, find_plan, read_plan_file
from loadtests.experiments.plan.trial_order import schedule
from loadtests.experiments.trial.parts import Probed
from loadtests.experiments.trial.sweep_trials import lay_out
from loadtests.service_under_test.memory_limit import MemoryLimit
from loadtests.traffic.arrivals import PoissonArrivals
from tests.loadtests import settings_for
from tests.loadtests.theory import reads_one_by_one


def plan(knobs=(), **values):
    flags = {name: Given(value, f"--{name}") for name, value in values.items()}
    return make_plan(
        flags, {name: Given(value, f"--{name}") for name, value in dict(knobs).items()}
    )


def test_flags_and_toml_make_the_same_plan(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(
        'ttl_seconds = [0.5, 2]\nrate = 300\narrivals = "paced"\n[knobs]\nprotection = "lease"\n'
    )

    from_file = make_plan(*read_plan_file(file))

    assert from_file == plan(
        {"protection": "lease"}, ttl_seconds="0.5,2", rate="300", arrivals="paced"
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"ttl_seconds": "1,-2"}, "--ttl_seconds: ttl_seconds must be >= 0 and <= 2.6784e+06"),
        ({"ttl_seconds": "soon"}, "must be a number, got 'soon'; such as 0.5,1,5"),
        ({"ttl_seconds": "0.0004"}, "must be 0, which is cache off, or >= 0.001, got '0.0004'"),
        ({"ttl_seconds": "1,1"}, "must name each TTL once"),
        ({"ttl_seconds": []}, "at least one TTL"),
        ({"rate": "-5"}, "--rate: rate must be a number from 0.01"),
        ({"rate": True}, "--rate: rate must not be true or false"),
        ({"skew": "nan"}, "--skew: skew must be a number from 0 to 10, got 'nan'"),
        ({"arrivals": "bursty"}, "arrivals must be one of poisson, paced"),
        ({"repetitions": 1.5}, "must be a whole number from 1 to 100, got '1.5'"),
        ({"repetitions": True}, "must not be true or false, got True"),
        ({"repetitions": 10**400}, "repetitions must be a whole number from 1 to 100, got '1000"),
        (
            {"missing_ratio": 0.6, "one_hit_ratio": 0.5},
            "--one_hit_ratio: one_hit_ratio must be at most 1 less missing_ratio (0.6), got 0.5",
        ),
        ({"requests": 5}, "requests needs a trace"),
        ({"trace": ""}, "--trace: trace must be a file, got ''; leave it out to draw ids"),
        ({"trace": "x.txt", "skew": 1}, "skew means nothing beside a trace"),
        ({"trace": "x.txt", "window_ttls": 10}, "window_ttls means nothing beside a trace"),
        ({"speed": 3}, "--speed: unknown name 'speed'; known are title, ttl_seconds"),
        ({"title": " "}, "must be a text"),
    ],
)
def test_wrong_value_is_refused_in_one_line_with_place_and_remedy(values, message):
    with pytest.raises(PlanError) as refused:
        plan(**values)

    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"protection": "luck"}, "one of none, single-flight, lease, early, stale, got 'luck'"),
        ({"protection": "unchanged"}, "got 'unchanged'"),
        ({"early_beta": ""}, "must be a number from 0.1 to 10, got ''"),
        ({"fencing": True}, "fencing must not be true or false, got True; such as on"),
        ({"store_delay_seconds": 11}, "must be a number from 0 to 10 seconds, got '11'"),
        ({"stale_seconds": 0}, "must be a number from 0.001 to 3600 seconds, got '0'"),
        ({"colour": 1}, "unknown name 'colour'"),
        ({"ttl_seconds": 5}, "the TTL is what a sweep varies"),
    ],
)
def test_wrong_knob_is_refused_before_anything_starts(knobs, message):
    with pytest.raises(PlanError, match=message.replace("(", r"\(")):
        plan(knobs)


def test_file_that_is_not_toml_is_refused(tmp_path):
    file = tmp_path / "broken.toml"
    file.write_text("rate = = 5")

    with pytest.raises(PlanError, match="not TOML"):
        read_plan_file(file)


def test_file_of_too_many_brackets_is_refused(tmp_path):
    file = tmp_path / "deep.toml"
    file.write_text("rate = " + "[" * 10_000)

    with pytest.raises(PlanError, match=r"deep\.toml: not a plan: its lists are too deep"):
        read_plan_file(file)


def test_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(PlanError, match="cannot be read: Is a directory; name another"):
        read_plan_file(tmp_path)


def test_number_of_too_many_digits_is_refused(tmp_path):
    file = tmp_path / "endless.toml"
    file.write_text(f"rate = {'9' * 5000}")

    with pytest.raises(PlanError, match="not TOML"):
        read_plan_file(file)


def test_knobs_must_be_a_table(tmp_path):
    file = tmp_path / "flat.toml"
    file.write_text("knobs = 5")

    with pytest.raises(PlanError, match="write \\[knobs\\]"):
        read_plan_file(file)


@pytest.mark.parametrize("name", ["nowhere", "", "x" * 300], ids=["unknown", "empty", "too long"])
def test_refusal_of_an_unknown_plan_names_the_shipped_ones(name):
    with pytest.raises(PlanError, match="one of demo"):
        find_plan(name)


def test_every_shipped_plan_can_be_laid_out():
    for file in SHIPPED.glob("*.toml"):
        sweep = lay_out(make_plan(*read_plan_file(file)))

        assert sweep.trials


def test_demo_takes_less_than_two_minutes():
    sweep = lay_out(make_plan(*read_plan_file(find_plan("demo"))))

    assert sum(sweep.expected_seconds.values()) < 118
    assert len(sweep.trials) == 4


def test_order_is_random_but_the_same_for_a_seed():
    wanted = plan(ttl_seconds="1,2,3,4", repetitions=3, seed=5)

    trials = schedule(wanted)

    assert schedule(wanted) == trials
    assert sorted((t.ttl_seconds, t.repetition) for t in trials) == [
        (ttl, repetition) for ttl in (1, 2, 3, 4) for repetition in (1, 2, 3)
    ]
    assert [t.ttl_seconds for t in trials] != sorted(t.ttl_seconds for t in trials)
    assert [t.number for t in trials] == list(range(1, 13))


def test_repetitions_have_different_seeds_which_all_ttls_share():
    trials = schedule(plan(ttl_seconds="1,2", repetitions=2, seed=5))

    assert {(t.repetition, t.seed) for t in trials} == {(1, 5), (2, 6)}


def test_trace_needs_a_catalogue_up_to_its_largest_id(tmp_path):
    trace = tmp_path / "ids.txt"
    trace.write_text("3\n9\n3\n")

    sweep = lay_out(plan(trace=str(trace), rate=10, arrivals="paced", ttl_seconds="1"))

    assert sweep.largest_id == 9
    assert sweep.load.requests == 3
    assert sweep.trials[0].window is None
    prediction = sweep.trials[0].predict(Probed({"ttl_seconds": 1}, 0.0), None)
    assert prediction.hit_ratio == pytest.approx(1 / 3)


def test_trace_is_predicted_at_the_times_at_which_it_is_sent(tmp_path):
    trace = tmp_path / "ids.txt"
    trace.write_text("5\n" * 1000)
    sent = PoissonArrivals(100.0, settings_for.settings().rate_shape, seed=3).next_times(1000)

    sweep = lay_out(plan(trace=str(trace), rate=100, seed=3, ttl_seconds="0.01"))

    prediction = sweep.trials[0].predict(Probed({"ttl_seconds": 0.01}, 0.0), None)
    # Redis keeps an entry half a millisecond longer than told.
    exact = reads_one_by_one.coalesced([(at, 5) for at in sent], 0.0105, 0.0)
    assert prediction.hit_ratio == exact.hit_ratio


@pytest.mark.parametrize(
    ("text", "requests", "message"),
    [
        ("1\nx\n", 0, "line 2: an id must be 1 to"),
        ("1\n2\n", 5, "holds 2 requests, got 5"),
    ],
)
def test_unusable_trace_is_refused(tmp_path, text, requests, message):
    trace = tmp_path / "ids.txt"
    trace.write_text(text)

    with pytest.raises(PlanError, match=message):
        lay_out(plan(trace=str(trace), requests=requests))


def test_prediction_of_a_sweep_counts_processes_and_the_room_in_redis():
    (trial,) = lay_out(plan(ttl_seconds="2", rate=200, items=100)).trials
    knobs = {"ttl_seconds": 2.0, "protection": "single-flight", "negative_ttl_seconds": 5.0}
    limit = MemoryLimit(1_004_750, "allkeys-lru", 1_000_000, 120)

    one, two, crowded = (
        trial.predict(Probed(knobs, 0.1, *more), trial.window) for more in ((1,), (2,), (1, limit))
    )

    assert two.hit_ratio == one.hit_ratio
    assert two.loads_per_second > 1.05 * one.loads_per_second
    assert crowded.crowding.room_entries == 25
    assert crowded.hit_ratio < one.hit_ratio - 0.05

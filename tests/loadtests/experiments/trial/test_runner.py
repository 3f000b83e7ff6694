"""The runner of trials: phases, readings, failures."""

import dataclasses
import itertools

import pytest

from loadtests.experiments.figures.trial_figures import figures_of
from loadtests.experiments.plan.trial_order import Trial
from loadtests.experiments.trial.parts import Room
from loadtests.experiments.trial.runner import run_trials
from loadtests.prediction.after_cold_start import Prediction
from loadtests.prediction.limited_memory import Crowding
from loadtests.replay.trial_replay import ReplayRecord
from loadtests.service_under_test.memory_limit import MemoryLimit


def test_phases_of_a_trial_come_in_order(bench, world, load, trial_plan):
    run_trials(bench, load, [trial_plan()])

    edges = 11
    drained = ["count", "count"]
    assert [
        *("set ttl 1", "clear", "probe 23", "clear", *drained),
        *("load seed 7 at 100/s", "begun", *["count"] * edges, "stop", *drained, "save"),
    ] == world.log
    assert (bench.progress.phases) == [
        (1, "prepare"),
        (1, "warm-up"),
        (1, "measure"),
        (1, "collect"),
        (1, "finished"),
    ]


def test_each_trial_is_saved_before_the_next_begins(bench, world, load, trial_plan):
    run_trials(bench, load, [trial_plan(1, 1.0), trial_plan(2, 2.0)])

    assert world.log.index("save") < world.log.index("set ttl 2")
    assert world.log.count("save") == 2


def test_counters_are_read_at_every_ttl_of_the_window(bench, load, trial_plan, saved):
    run_trials(bench, load, [trial_plan(ttl_seconds=2.0)])

    record = saved[0][0]
    offsets = [reading.at - record.started_at for reading in record.readings]
    assert [3.0 + 2.0 * index for index in range(11)] == pytest.approx(offsets)
    hits = [reading.counters.lookups["hit"] for reading in record.readings]
    assert [later - earlier for earlier, later in itertools.pairwise(hits)] == [180] * 10


def test_prediction_is_made_before_the_traffic_begins(bench, load, trial_plan, saved):
    run_trials(bench, load, [trial_plan()])

    record = saved[0][0]
    assert record.predicted_at < record.started_at
    assert record.prediction.fill_seconds == 0.01


def test_load_generator_that_dies_aborts_its_trial_and_the_next_one_begins(
    bench, world, load, trial_plan, saved
):
    world.ends_after = 3.0
    trials = [trial_plan(1), trial_plan(2)]

    run_trials(bench, load, trials)

    first = saved[0][0]
    assert "the load generator ended" in first.aborted
    assert first.readings
    assert first.after is None
    assert len(saved) == 2
    assert world.log.count("kill") == 2


def test_load_generator_that_never_begins_aborts_its_trial(bench, world, load, trial_plan, saved):
    world.fails_to_begin = True

    run_trials(bench, load, [trial_plan()])

    assert saved[0][0].aborted == "no arrival"
    assert saved[0][0].started_at is None
    assert "kill" in world.log


def test_interrupted_trial_is_saved_and_ends_the_run(bench, world, load, trial_plan, saved):
    world.interrupts_at = world.clock.now + 5

    with pytest.raises(KeyboardInterrupt):
        run_trials(bench, load, [trial_plan(1), trial_plan(2)])

    assert [record.aborted for record, _ in saved] == ["interrupted"]
    assert "kill" in world.log


def test_trace_is_measured_from_its_first_request_to_its_last(
    bench, world, load, trial_plan, saved
):
    bench = dataclasses.replace(bench, load=dataclasses.replace(bench.load, planned_seconds=6.0))
    trial = dataclasses.replace(trial_plan(), window=None, expected_seconds=6.0)

    run_trials(bench, load, [trial])

    record = saved[0][0]
    assert world.log[-5:] == ["begun", "finish", "count", "count", "save"]
    assert len(record.readings) == 2
    assert record.readings[0].counters == record.before.service
    assert record.readings[1].counters == record.after.service


def test_endless_trace_is_given_up(bench, load, trial_plan, saved):
    trial = dataclasses.replace(trial_plan(), window=None, expected_seconds=6.0)

    run_trials(bench, load, [trial])

    assert "twice its 6 s" in saved[0][0].aborted


def test_counters_of_a_redis_out_of_reach_are_unknown(bench, load, trial_plan, saved):
    run_trials(dataclasses.replace(bench, redis=None), load, [trial_plan()])

    assert saved[0][0].before.redis is None


@dataclasses.dataclass
class FakeReplay:
    log: list

    def record(self, edges, late):
        self.log.append(f"count the replay at {edges[0]:.1f} to {edges[-1]:.1f} s")
        return ReplayRecord([], 0.0, [], late.answers.size)


def replay_into(world, plan):
    """Return a trial that notes in the log when it is replayed, and from what."""

    def replay(probed, until):
        world.log.append(f"replay {until:.1f} s with {probed.fill_seconds * 1000:g} ms fills")
        return FakeReplay(world.log)

    return dataclasses.replace(plan, replay=replay)


def test_replay_is_made_before_the_traffic_and_counted_where_the_counters_were_read(
    bench, world, load, trial_plan, saved
):
    run_trials(bench, load, [replay_into(world, trial_plan())])

    made, counted = (line for line in world.log if "replay" in line)
    assert made == "replay 16.5 s with 10 ms fills"
    assert counted == "count the replay at 1.5 to 11.5 s"
    assert world.log.index(made) < world.log.index("begun") < world.log.index(counted)
    assert saved[0][0].replay == ReplayRecord([], 0.0, [], 0)


def test_trial_whose_fill_time_is_unknown_or_that_was_aborted_has_no_replay(
    bench, world, load, trial_plan, saved
):
    bench.service.probe_fill_seconds = lambda *_: None
    run_trials(bench, load, [replay_into(world, trial_plan())])
    del bench.service.probe_fill_seconds
    world.ends_after = 3.0
    run_trials(bench, load, [replay_into(world, trial_plan(2))])

    assert [record.replay for record, _ in saved] == [None, None]


def test_trial_in_which_evictions_are_expected_has_no_replay(bench, world, load, trial_plan, saved):
    bench.redis.limit = MemoryLimit(2_000_000, "allkeys-lru", 1_000_000, 120)

    def predict(probed, _window):
        crowding = Crowding(9000.0, probed.limit.entries)
        return Prediction(0.5, 0.5, 10.0, probed.fill_seconds, "by hand", crowding)

    plan = dataclasses.replace(replay_into(world, trial_plan()), predict=predict)
    run_trials(bench, load, [plan])

    assert saved[0][0].replay is None
    assert saved[0][0].prediction.crowding.room_entries == pytest.approx(5263, abs=1)


class LimitedRedis:
    """Redis with a limit: notes in the log what is asked of it."""

    def __init__(self, redis):
        self._redis = redis

    def __getattr__(self, name):
        return getattr(self._redis, name)

    def lift_limit(self):
        self._redis.world.log.append("lift")

    def entry_bytes(self, _ids):
        return 120

    def limit_to(self, entries, policy, entry_bytes):
        self._redis.world.log.append(f"limit to {entries} by {policy}")
        return MemoryLimit.for_entries(entries, policy, 1_000_000, entry_bytes)

    def keep_room(self):
        self._redis.world.log.append("keep")


def test_memory_is_limited_once_the_cache_is_empty_and_kept_so_while_traffic_runs(
    bench, world, load, trial_plan
):
    seen = []
    limited = dataclasses.replace(bench, redis=LimitedRedis(bench.redis))
    trial = trial_plan()

    def predict(probed, _window):
        seen.append(probed.limit.entries)
        return trial.predict(probed, None)

    for entries in (50, 0):
        room = dataclasses.replace(trial, memory=Room(entries, "allkeys-lru"))
        plan = dataclasses.replace(room, predict=predict) if entries else room
        run_trials(limited, load, [dataclasses.replace(plan, trial=Trial(entries + 1, 1.0, 1, 7))])

    assert seen == [50]
    log = [line for line in world.log if line != "count"]
    assert log[:5] == ["set ttl 1", "clear", "lift", "probe 23", "clear"]
    assert log[5] == "limit to 50 by allkeys-lru"
    assert log.count("keep") > 40  # Four times a second
    assert log.index("begun") < log.index("keep")
    assert len([line for line in log if line.startswith("limit to")]) == 1


@pytest.mark.parametrize("step", [86_400.0, -86_400.0, 3600.0, -3600.0])
def test_a_clock_that_is_set_neither_prolongs_nor_shortens_a_trial_that_is_doubted_then(
    bench, world, load, trial_plan, saved, samples, step
):
    count, readings = bench.service.counters, []

    def count_and_set_the_clock():
        readings.append(world.clock.now)
        world.clock.set_by = step if len(readings) > 5 else 0.0
        return count()

    bench.service.counters = count_and_set_the_clock
    begins = world.clock.now
    run_trials(bench, load, [trial_plan()])

    ((record, _),) = saved
    assert record.aborted is None
    assert len(record.readings) == 11
    assert world.clock.now - begins == pytest.approx(13.0, abs=1.0)
    taken = samples(record.window.closes + 0.5)
    taken["intended"] += record.started_at
    doubts = [doubt.kind for doubt in figures_of(record, taken).doubts]
    assert "clock-jumped" in doubts

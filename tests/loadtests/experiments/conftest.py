"""Fakes of a trial's parts on a clock of their own: no process, no sleep, exact counts."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from loadtests.experiments.figures.results import load_results
from loadtests.experiments.plan.plan import make_plan
from loadtests.experiments.plan.trial_order import Trial
from loadtests.experiments.records.records import FORMAT, RunRecord, save_run, save_trial
from loadtests.experiments.trial.locust_process import LoadError
from loadtests.experiments.trial.parts import Bench, TrialPlan
from loadtests.experiments.trial.runner import run_trials
from loadtests.prediction.after_cold_start import Prediction
from loadtests.prediction.measuring_window import Window
from loadtests.sender.samples import RESULT_INDEX, SAMPLE_DTYPE
from loadtests.service_under_test.conditions import (
    CLEARED,
    WRITES,
    RedisConditions,
    ServiceConditions,
)
from loadtests.service_under_test.contract import SERVICE_RESULTS
from loadtests.service_under_test.counters import RedisCounters, ServiceCounters

FILL_SECONDS = 0.01


@dataclass
class FakeClock:
    now: float = 1000.0
    set_by: float = 0.0  # By somebody, in seconds.

    def time(self):
        return self.now + self.set_by

    def sleep(self, seconds):
        self.now += max(seconds, 1e-6)  # Less than what a float can tell would never pass.

    def monotonic(self):
        return self.now - 900.0


@dataclass
class FakeWorld:
    """The state that the fakes share: 100 lookups/s while traffic runs, every tenth a miss."""

    clock: FakeClock = field(default_factory=FakeClock)
    log: list = field(default_factory=list)
    began: float | None = None
    lookups: dict = field(default_factory=lambda: dict.fromkeys(SERVICE_RESULTS, 0))
    ends_after: float | None = None  # Seconds after which the load generator dies
    fails_to_begin: bool = False
    interrupts_at: float | None = None
    key_polls: int = 0
    lost: int = 0  # Answers that the client never received

    def counted(self):
        if self.began is None:
            return dict(self.lookups)
        seen = round(max(0.0, self.clock.now - self.began) * 100)
        return self.lookups | {
            "hit": self.lookups["hit"] + seen - seen // 10,
            "miss": self.lookups["miss"] + seen // 10,
        }


@dataclass
class FakeService:
    world: FakeWorld
    knobs_set: dict = field(default_factory=dict)
    processes: int = 1

    def set_knobs(self, knobs):
        self.world.log.append(f"set ttl {knobs['ttl_seconds']:g}")
        self.knobs_set = dict(knobs)

    def knobs(self):
        return dict(self.knobs_set)

    def clear_cache(self):
        self.world.log.append("clear")

    def counters(self):
        self.world.log.append("count")
        lookups = self.world.counted()
        if self.world.interrupts_at and self.world.clock.now >= self.world.interrupts_at:
            raise KeyboardInterrupt
        return ServiceCounters(
            lookups=lookups,
            store_queries={"select ok": lookups["miss"], "probe ok": 7},
            key_reads={"true": lookups["hit"], "false": lookups["miss"]},
            fills={"stored": lookups["miss"]},
        )

    def conditions(self):
        lookups = self.world.counted()
        return ServiceConditions(
            knobs=dict(self.knobs_set),
            knobs_version=1,
            process_starts=[100.0],
            changes=dict.fromkeys((*WRITES, CLEARED), 0),
            loads=lookups["miss"],
            load_seconds=lookups["miss"] * 0.01,
        )

    def probe_fill_seconds(self, ids, count):
        self.world.log.append(f"probe {min(len(ids), count)}")
        return FILL_SECONDS


@dataclass
class FakeRedis:
    world: FakeWorld
    limit: object = None

    def memory_limit(self, _ids):
        return self.limit

    def counters(self):
        lookups = self.world.counted()
        return RedisCounters(lookups["hit"], lookups["miss"])

    def conditions(self):
        return RedisConditions("a1", evicted_keys=0, expired_keys=3, connected_clients=5)


@dataclass
class FakeRun:
    world: FakeWorld
    planned_seconds: float | None

    def started_at(self):
        if self.world.fails_to_begin:
            raise LoadError("no arrival")
        self.world.clock.now += 0.5
        self.world.began = self.world.clock.now
        self.world.log.append("begun")
        return self.world.began

    def ended(self):
        limit = self.world.ends_after or self.planned_seconds
        return limit is not None and self.world.clock.now >= self.world.began + limit

    def stop(self):
        self.world.log.append("stop")
        return self._summary()

    def finish(self, _timeout):
        self.world.log.append("finish")
        return self._summary()

    def kill(self):
        self.world.log.append("kill")
        self.world.began = None

    def _summary(self):
        before = self.world.lookups
        self.world.lookups = self.world.counted()
        self.world.began = None
        results = {word: count - before[word] for word, count in self.world.lookups.items()}
        results["hit"] -= self.world.lost
        return {
            "target_rate": 100.0,
            "ended_at": self.world.clock.now,
            "results": results,
            "cpu_ratio": 0.3,
            "slip_p99_seconds": 0.001,
            "failed": 0,
            "dropped": 0,
        }


@dataclass
class FakeLoad:
    world: FakeWorld
    planned_seconds: float | None = None

    def start(self, load, seed, record, _extra=()):
        assert not any(record.iterdir())
        self.world.log.append(f"load seed {seed} at {load.rate:g}/s")
        return FakeRun(self.world, self.planned_seconds)


@dataclass
class FakeProgress:
    phases: list = field(default_factory=list)

    def phase(self, trial, name):
        self.phases.append((trial.number, name))

    def loaded(self, trial, seconds):
        pass

    def finished(self, record):
        self.phases.append((record.trial.number, "finished"))


@pytest.fixture
def world():
    return FakeWorld()


@pytest.fixture
def saved():
    return []


@pytest.fixture
def bench(world, saved, tmp_path):
    def save(record, samples):
        world.log.append("save")
        saved.append((record, samples))

    return Bench(
        service=FakeService(world),
        redis=FakeRedis(world),
        load=FakeLoad(world),
        read_samples=lambda _folder: np.empty(0, dtype=SAMPLE_DTYPE),
        save=save,
        progress=FakeProgress(),
        scratch=tmp_path,
        clock=world.clock,
    )


@pytest.fixture
def load():
    return make_plan({}, {}).load


@pytest.fixture
def trial_plan():
    def make(number=1, ttl_seconds=1.0, batches=10):
        cycle = ttl_seconds - FILL_SECONDS
        return TrialPlan(
            trial=Trial(number, ttl_seconds, 1, seed=7),
            knobs={"ttl_seconds": ttl_seconds},
            # With the fill time of the probe it opens after 1.5 TTLs, and a batch is a TTL.
            window=Window(1.5 * cycle, cycle, batches),
            expected_seconds=(1.5 + batches) * ttl_seconds,
            predict=lambda probed, _window: Prediction(
                0.9, 0.9, 10.0, probed.fill_seconds, "by hand"
            ),
            probe_ids=list(range(1, 100)),
        )

    return make


@pytest.fixture
def run_record():
    return RunRecord(
        format=FORMAT,
        title="A sweep by hand",
        started_at=1_700_000_000.0,
        plan={
            "seed": 1,
            "load": {
                "rate": 100.0,
                "arrivals": "poisson",
                "trace": None,
                "flags": {
                    "popularity": "zipf",
                    "items": 50,
                    "skew": 0.99,
                    "missing_ratio": 0.0,
                    "one_hit_ratio": 0.0,
                },
            },
        },
        stack=["redis: fake", "database: none"],
        store_name="SQLite",
        store_delay_seconds=0.01,
        machine="Linux, 2 cores",
        wanted_hit_ratio=0.9,
    )


@pytest.fixture
def samples():
    """Return a function that makes samples: hits of 1 to 2 ms, every eleventh a miss of 12 ms."""

    def make(seconds=12):
        count = round(seconds / 12 * 2200)
        found = np.zeros(count, dtype=SAMPLE_DTYPE)
        found["intended"] = np.linspace(0, seconds, count, endpoint=False)
        miss = np.arange(count) % 11 == 0
        found["response"] = np.where(miss, 0.012, np.linspace(0.001, 0.002, count))
        found["service"] = found["response"] / 2
        found["result"] = np.where(miss, RESULT_INDEX["miss"], RESULT_INDEX["hit"])
        return found

    return make


@pytest.fixture
def record(bench, load, trial_plan, saved):
    """Return a function that makes the runner's record of a trial, with some fields replaced."""
    run_trials(bench, load, [trial_plan()])

    def make(**changes):
        return replace(saved[0][0], **changes)

    return make


@pytest.fixture
def folder(tmp_path, bench, load, trial_plan, samples, run_record):
    """Save two sound trials and one of TTL 2 s whose load generator was busy; return the folder."""
    folder = tmp_path / "run"
    save_run(folder, run_record)

    def save(record, _none):
        busy = {"cpu_ratio": 0.95} if record.trial.ttl_seconds == 2 else {}
        taken = samples(record.window.closes + 0.5)
        taken["intended"] += record.started_at
        save_trial(folder, replace(record, load=record.load | busy), taken)

    trials = [trial_plan(number, ttl) for number, ttl in enumerate((5.0, 1.0, 2.0), start=1)]
    run_trials(replace(bench, save=save), load, trials)
    return folder


@pytest.fixture
def results(folder):
    return load_results(folder)

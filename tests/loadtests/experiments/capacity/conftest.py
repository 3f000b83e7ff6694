"""A search against a service that is an M/M/1 queue of 1,000 lookups a second, on a fake clock."""

import shutil
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from loadtests.experiments.capacity.capacity_plan import make_capacity_plan
from loadtests.experiments.limits.capacity_trials import search
from loadtests.experiments.plan.fields import Given
from loadtests.experiments.records.records import CAPACITY, save_run, save_trial
from loadtests.sender.samples import RESULT_INDEX, SAMPLE_DTYPE

CAPACITY_OF_QUEUE = 1000.0


@dataclass
class QueueLoad:
    """Notes the rate of the load that the fake starts, for the samples of its step."""

    fake: object
    rate: float = 0.0

    def start(self, load, seed, record, _extra=()):
        self.rate = load.rate
        return self.fake.start(load, seed, record)


@pytest.fixture
def queue(bench, world):
    """Return a bench whose lookups take as long as in a queue; half of them are hits."""
    load = QueueLoad(bench.load)

    def samples(_folder):
        random, rate = np.random.default_rng(1), load.rate
        seconds = 20.0
        found = np.zeros(round(rate * seconds), dtype=SAMPLE_DTYPE)
        begun = world.began or world.clock.now - seconds
        found["intended"] = begun + np.sort(random.uniform(0, seconds, len(found)))
        left = CAPACITY_OF_QUEUE - rate
        found["response"] = random.exponential(1 / left, len(found)) if left > 0 else 9.0
        found["service"] = found["response"]
        hit = random.uniform(size=len(found)) < 0.5
        found["result"] = np.where(hit, RESULT_INDEX["hit"], RESULT_INDEX["miss"])
        return found

    return replace(bench, load=load, read_samples=samples)


@pytest.fixture
def plan():
    given = {"max_p99_ms": Given(50, "--max-p99-ms"), "from_rate": Given(100, "--from-rate")}
    return make_capacity_plan(given, {}, "0.5", None)


@pytest.fixture
def capacity_run(run_record):
    about = {"max_p99_seconds": 0.05}
    return replace(run_record, kind=CAPACITY, title="Capacity, p99 below 50 ms", plan=about)


@pytest.fixture
def search_now(queue, plan, capacity_run):
    """Return a function that searches and leaves the records in a folder."""

    def search_into(folder):
        save_run(folder, capacity_run)
        saving = replace(queue, save=partial(save_trial, folder))
        search(saving, plan, plan.goals[0], plan.popularity(), folder, 0)

    return search_into


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return tmp_path_factory.mktemp("kept") / "capacity"


@pytest.fixture
def searched(tmp_path, kept, search_now):
    """The records of a whole search on disk, which a test may damage."""
    if not kept.exists():
        search_now(kept)
    return Path(shutil.copytree(kept, tmp_path / "capacity"))

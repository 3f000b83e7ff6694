"""The course of a drill on a fake clock: what is broken when, and what is written down."""

import itertools
from contextlib import contextmanager

import pytest

from loadtests.experiments.drills.drill_plan import make_drill_plan
from loadtests.experiments.drills.drill_record import load_drill
from loadtests.experiments.limits.drill_trials import DrillRun, run_one_drill
from loadtests.experiments.plan.fields import Given
from loadtests.stack.faults.drill_faults import DrillFault
from loadtests.stack.guardian import StackError


class FakeProbe:
    """All is well until the fault, and again a second after it ended."""

    def __init__(self, clock, *, at_first=True):
        self._clock, self._at_first = clock, at_first
        self.struck = self.healed = None

    def is_well(self):
        if self.struck is None:
            return self._at_first
        return self.healed is not None and self._clock.now >= self.healed + 1.0


@pytest.fixture
def plan():
    return make_drill_plan(("redis-kill",), {"seconds": Given(4, "--seconds")}, {})


@pytest.fixture
def drill(bench, world):
    def make(fault=None, **options):
        probe = FakeProbe(world.clock, **options)

        @contextmanager
        def breaks(_stack):
            world.log.append("broken")
            probe.struck = world.clock.now
            yield
            world.clock.now += 0.5  # The restart.
            probe.healed = world.clock.now
            world.log.append("mended")

        named = DrillFault("redis-kill", "Redis is killed", fault or breaks)
        return DrillRun(1, named, None, bench.service, probe)

    return make


@pytest.fixture
def local(monkeypatch):
    monkeypatch.setattr(DrillFault, "_cause", lambda fault, stack: fault.on_local(stack))


@pytest.mark.usefixtures("local")
def test_fault_begins_after_the_warm_up_and_the_phase_before_and_lasts_its_time(
    bench, world, plan, drill, tmp_path
):
    run_one_drill(bench, plan, drill(), tmp_path)

    record = load_drill(tmp_path, 1)
    assert record.struck_at - record.opened_at == pytest.approx(4.0)
    assert record.healed_at - record.struck_at == pytest.approx(4.5)  # With the restart.
    assert record.well_at - record.healed_at == pytest.approx(1.0, abs=0.06)
    assert record.ended_at - record.healed_at == pytest.approx(4.0)
    assert [word for word in world.log if word in {"begun", "broken", "mended", "stop"}] == [
        *("begun", "broken", "mended", "stop")
    ]


@pytest.mark.usefixtures("local")
def test_counters_are_read_twice_a_second_and_at_every_edge(bench, plan, drill, tmp_path):
    run_one_drill(bench, plan, drill(), tmp_path)

    record = load_drill(tmp_path, 1)
    times = [poll.at for poll in record.polls]
    assert times == sorted(times)
    assert {record.opened_at, record.struck_at, record.ended_at} <= set(times)
    assert max(b - a for a, b in itertools.pairwise(times)) <= 0.6 + 0.5  # With the restart.


@pytest.mark.usefixtures("local")
def test_service_that_is_not_well_at_first_is_not_broken(
    bench, world, saved, plan, drill, tmp_path
):
    run_one_drill(bench, plan, drill(at_first=False), tmp_path)

    assert "broken" not in world.log
    assert "the service was not well before the fault" in saved[0][0].aborted


@pytest.mark.usefixtures("local")
def test_server_that_does_not_come_back_ends_the_run_with_its_records(
    bench, saved, plan, drill, tmp_path
):
    @contextmanager
    def breaks(_stack):
        yield
        raise StackError("redis did not answer within 30 s")

    with pytest.raises(StackError, match="redis did not answer"):
        run_one_drill(bench, plan, drill(breaks), tmp_path)

    assert saved[0][0].aborted == "interrupted"
    assert load_drill(tmp_path, 1).healed_at is None


@pytest.mark.usefixtures("local")
def test_interrupted_drill_is_mended_and_saved(bench, world, saved, plan, drill, tmp_path):
    world.interrupts_at = 1010.0 + plan.warm_up_seconds

    with pytest.raises(KeyboardInterrupt):
        run_one_drill(bench, plan, drill(), tmp_path)

    assert saved[0][0].aborted == "interrupted"
    assert load_drill(tmp_path, 1).opened_at is not None

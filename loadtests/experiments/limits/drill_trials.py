"""Runs drills: a steady load, a fault in its middle, and looks at the service all the while."""

import itertools
from collections.abc import Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import asdict
from pathlib import Path

from loadtests.experiments.drills.drill_plan import DrillPlan
from loadtests.experiments.drills.drill_record import DrillPoll, DrillRecord, save_drill
from loadtests.experiments.plan.trial_order import Trial
from loadtests.experiments.records.records import DRILL, TrialRecord, save_run
from loadtests.experiments.trial.locust_process import LoadError, LocustRun, Summary
from loadtests.experiments.trial.parts import Bench, Probed, Progress, TrialPlan, seconds_since
from loadtests.experiments.trial.parts_on_stack import bench_on, run_record
from loadtests.experiments.trial.runner import PROBES, run_trial
from loadtests.prediction.after_cold_start import Prediction
from loadtests.prediction.measuring_window import Window
from loadtests.service_under_test.client import ServiceClient, ServiceError
from loadtests.service_under_test.counters import loads
from loadtests.service_under_test.recovery_probe import RecoveryProbe
from loadtests.stack.compose import ComposeStack
from loadtests.stack.faults.drill_faults import DrillFault
from loadtests.stack.local import LocalStack

COLD_IDS = 500
"""Ids beyond the traffic's that the probe looks up in turn."""

_TICK_SECONDS = 0.05
_POLL_SECONDS = 0.5
_POLL_TIMEOUT_SECONDS = 2.0

BreakableStack = LocalStack | ComposeStack


def run_drills(
    plan: DrillPlan,
    faults: Sequence[DrillFault],
    stack: BreakableStack,
    folder: Path,
    progress: Progress,
) -> None:
    """Run every drill on a stack that has been entered, and restore its knobs.

    Raises:
        ServiceError: The service is not available or refuses a knob.
        StackError: A fault cannot be caused, or a server does not come back.
    """
    with bench_on(stack, folder, progress) as bench, ExitStack() as ending:
        bench.service.fill_catalogue(plan.items + 2 + COLD_IDS + PROBES)
        knobs = bench.service.set_knobs({**plan.knobs, "ttl_seconds": plan.ttl_seconds})
        record = run_record(
            DRILL,
            plan.title,
            asdict(plan),
            stack,
            store_delay_seconds=float(knobs.get("store_delay_seconds", 0.0)),
            redis=bench.redis,
        )
        save_run(folder, record)
        urls, token = stack.service_urls, stack.control_token
        # Polls must not wait long for a service that hangs.
        polled = ending.enter_context(ServiceClient(urls, token, _POLL_TIMEOUT_SECONDS))
        cold = itertools.cycle(range(plan.items + 3, plan.items + 3 + COLD_IDS))
        probe = ending.enter_context(
            closing(RecoveryProbe(urls, token, plan.items + 1, plan.items + 2, cold))
        )
        for number, fault in enumerate(faults, start=1):
            run_one_drill(bench, plan, DrillRun(number, fault, stack, polled, probe), folder)


def run_one_drill(bench: Bench, plan: DrillPlan, drill: "DrillRun", folder: Path) -> None:
    """Run one drill and save its records, as aborted if it fails or is interrupted.

    Raises:
        StackError: The fault cannot be caused, or the server does not come back.
    """
    first_probed = plan.items + 3 + COLD_IDS
    trial = TrialPlan(
        trial=Trial(drill.number, plan.ttl_seconds, 1, plan.seed),
        knobs={**plan.knobs, "ttl_seconds": plan.ttl_seconds},
        window=None,
        expected_seconds=plan.load_seconds,
        predict=_nothing_predicted,
        probe_ids=list(range(first_probed, first_probed + PROBES)),
    )

    def watch(bench: Bench, _trial: TrialPlan, notes: TrialRecord, run: LocustRun) -> Summary:
        return drill.watch(bench, plan, notes, run)

    try:
        run_trial(bench, plan.load, trial, watch)
    finally:
        save_drill(folder, drill.number, drill.record)


def _nothing_predicted(probed: Probed, _window: Window | None) -> Prediction:
    return Prediction(None, None, None, probed.fill_seconds, "none: something breaks meanwhile")


class DrillRun:
    """One drill: breaks, mends, and looks.

    Args:
        number: From 1, in the order of running.
        fault: What is broken.
        stack: Where.
        polled: Reads the service's counters, and never waits long.
        probe: Asks whether all is well.

    Attributes:
        record: What happened when, filled in while it runs.
    """

    def __init__(
        self,
        number: int,
        fault: DrillFault,
        stack: BreakableStack,
        polled: ServiceClient,
        probe: RecoveryProbe,
    ) -> None:
        self.number = number
        self._fault = fault
        self._stack = stack
        self._polled = polled
        self._probe = probe
        self.record = DrillRecord(fault.name, fault.about)

    def watch(self, bench: Bench, plan: DrillPlan, notes: TrialRecord, run: LocustRun) -> Summary:
        """Wait until the cache is warm, break, mend, stop the load; return its summary.

        Raises:
            LoadError: All is not well before the fault, or the load ended by itself.
            StackError: The fault cannot be caused, or the server does not come back.
        """
        record, clock = self.record, bench.clock
        passed = seconds_since(clock, notes.started_at or clock.time())

        def last(phase: str, until: float) -> None:
            """Watch the service in a phase, which ends *until* seconds after the first arrival."""
            bench.progress.phase(notes.trial, phase)
            while (left := until - passed()) > 0:
                if run.ended():
                    raise LoadError(f"the load generator ended in the phase {phase}")
                self._look(bench)
                bench.progress.loaded(notes.trial, passed())
                clock.sleep(min(left, _TICK_SECONDS))

        last("warm-up", plan.warm_up_seconds)
        if not (self._probe.is_well() or self._probe.is_well()):  # The first one fills.
            raise LoadError("the service was not well before the fault: see its /readyz")
        record.opened_at = clock.time()
        self._poll(bench)
        last("before", passed() + plan.seconds)
        self._poll(bench)
        record.struck_at = clock.time()
        with self._fault.on(self._stack):
            last("during", passed() + plan.seconds)
            self._poll(bench)
        record.healed_at = clock.time()
        last("after", passed() + plan.seconds)
        self._poll(bench)
        record.ended_at = clock.time()
        return run.stop()

    def _look(self, bench: Bench) -> None:
        """Poll if it is time to, and ask whether all is well again after the fault."""
        record = self.record
        if record.healed_at is not None and record.well_at is None and self._probe.is_well():
            record.well_at = bench.clock.time()
        if not record.polls or abs(bench.clock.time() - record.polls[-1].at) >= _POLL_SECONDS:
            self._poll(bench)

    def _poll(self, bench: Bench) -> None:
        began = bench.clock.time()
        with suppress(ServiceError):  # A service that hangs has no reading.
            counters = self._polled.counters()
            at = (began + bench.clock.time()) / 2
            reads = loads(counters.store_queries)
            self.record.polls.append(DrillPoll(at, reads, dict(counters.lookups)))

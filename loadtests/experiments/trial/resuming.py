"""Goes on with a sweep that ended before its time, from the records in its folder."""

import dataclasses
import time
from pathlib import Path

from loadtests.experiments.plan.plan import Plan, recorded_plan
from loadtests.experiments.records.kinds import require_allowed, require_hinted
from loadtests.experiments.records.record_file import RecordError, refuse_damage
from loadtests.experiments.records.records import RUN_FILE, SWEEP, RunRecord, load_run
from loadtests.experiments.records.trials import load_trials


def plan_in(folder: Path) -> Plan:
    """Return the plan of the sweep in a folder.

    Raises:
        RecordError: The folder holds no sweep that can be resumed.
    """
    run = load_run(folder)
    if run.kind != SWEEP:
        raise RecordError(
            f"{folder} holds a run of {run.kind}, and only a sweep can be resumed; name its folder"
        )
    with refuse_damage(folder / RUN_FILE):
        require_hinted(run.plan, Plan, "plan.")
        require_allowed(run.plan)
    try:
        return recorded_plan(run.plan)
    except (KeyError, TypeError) as error:
        raise RecordError(
            f"{folder} was made by another version of the program: {error}; measure it anew"
        ) from None


def require_same_kind(folder: Path, *, of_target: bool) -> None:
    """Check that a sweep goes on with a service like the one that it began with.

    Raises:
        RecordError: It began with a target and goes on without one, or the other way round.
    """
    began_with = load_run(folder).target
    if bool(began_with) != of_target:
        what = f"the target {began_with!r}" if began_with else "a service of ours"
        remedy = "give its --target flags again" if began_with else "leave the --target flags out"
        raise RecordError(f"{folder} measured {what}; {remedy}")


def measured_in(folder: Path) -> frozenset[int]:
    """Return the numbers of the trials that need not be measured again: whole, and not aborted."""
    records = load_trials(folder).records
    return frozenset(record.trial.number for record in records if record.aborted is None)


def resumed(folder: Path, now: RunRecord) -> RunRecord:
    """Return the record of the resumed sweep: the first one's, with the time at which it goes on.

    Args:
        folder: Of the sweep.
        now: What the record would be if the sweep began now.

    Raises:
        RecordError: The sweep began on another machine, or with another database or target.
    """
    first = load_run(folder)
    for name in ("machine", "store_name", "target"):
        before, after = getattr(first, name), getattr(now, name)
        if before != after:
            raise RecordError(
                f"{folder} was measured with {name} {before!r}, and this is {after!r}; its trials "
                "would not compare: resume it as it was begun, or start a new one"
            )
    return dataclasses.replace(first, resumed_at=[*first.resumed_at, time.time()])

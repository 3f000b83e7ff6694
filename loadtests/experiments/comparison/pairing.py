"""Pairs the trials of two runs by what they measured, and refuses what is not comparable."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from loadtests.experiments.figures.results import RunResults, load_results
from loadtests.experiments.figures.trial_figures import TrialFigures, in_window
from loadtests.experiments.plan.axes import Values, values_text
from loadtests.experiments.plan.fields import LATER_FIELDS
from loadtests.experiments.records.records import PROCESSOR, RunRecord, load_samples
from loadtests.experiments.records.samples_file import Samples
from loadtests.service_under_test.contract import Knob
from loadtests.workload.flags import LOAD_FLAGS

ASPECTS = ("load", "knobs", "host", "target", "versions")
"""What must be equal in two runs for their figures to be comparable."""

_Key = tuple[float, int, int, tuple[tuple[str, Knob], ...]]
"""TTL, repetition, seed, and the values of the axes."""

_USUAL = {"scenario": "ReadHeavy"} | {
    flag.key: flag.default for flag in LOAD_FLAGS if flag.key in LATER_FIELDS
}

_NOT_VERSIONS = ("commit", PROCESSOR)
"""What stands among the versions besides: what a comparison is about, and a part of the host."""


class NotComparableError(ValueError):
    """Two runs cannot be compared; one line for the user."""


class Side(NamedTuple):
    """One trial of a pair.

    Attributes:
        figures: Its figures.
        samples: Those of its window.
    """

    figures: TrialFigures
    samples: Samples


class Pair(NamedTuple):
    """Two trials of the same setting and the same traffic.

    Attributes:
        ttl_seconds: Their TTL.
        first: Of the first run.
        second: Of the second run.
        values: One value of each axis of their plans.
    """

    ttl_seconds: float
    first: Side
    second: Side
    values: Values = MappingProxyType({})


class Paired(NamedTuple):
    """What two runs have in common.

    Attributes:
        pairs: By the values of the axes, TTL and repetition.
        left_out: Trials that have no trusted partner, each with the reason.
    """

    pairs: list[Pair]
    left_out: list[str]


def pair_runs(first: Path, second: Path, allowed: frozenset[str]) -> Paired:
    """Pair the trials of two sweeps.

    Args:
        first: Folder of the run to compare with.
        second: Folder of the run to judge.
        allowed: Which of `ASPECTS` may differ.

    Raises:
        NotComparableError: They differ in what may not differ, or no trials pair.
        RecordError: A folder does not hold a run.
    """
    runs = load_results(first), load_results(second)
    seeds = [each.run.plan.get("seed") for each in runs]
    if seeds[0] != seeds[1]:
        raise NotComparableError(
            f"the runs have the seeds {seeds[0]} and {seeds[1]}, so that their trials sent other"
            f" traffic and do not pair; measure the second with --seed {seeds[0]}"
        )
    for aspect, (before, after) in _aspects(runs[0].run, runs[1].run).items():
        if before != after and aspect not in allowed:
            raise NotComparableError(
                f"the runs differ in {aspect}: {_which(before, after)}; measure them alike, or"
                f" accept it by --allow {aspect}"
            )
    return _pairs((first, runs[0]), (second, runs[1]))


def _aspects(first: RunRecord, second: RunRecord) -> dict[str, tuple[Any, Any]]:
    def versions(run: RunRecord) -> dict[str, Any]:
        return {name: value for name, value in run.versions.items() if name not in _NOT_VERSIONS}

    def host(run: RunRecord) -> dict[str, Any]:
        # A record of an earlier version does not name the processor.
        known = all(each.versions.get(PROCESSOR) for each in (first, second))
        return {"machine": run.machine, "processor": run.versions[PROCESSOR] if known else ""}

    def load(run: RunRecord) -> dict[str, Any]:
        flags = run.plan["load"]
        others = {name: value for name, value in flags.items() if name != "flags"}
        # A record of a version that knew fewer flags sent what their defaults say.
        return fixed({**_USUAL, **flags.get("flags", {}), **others})

    def fixed(given: Mapping[str, Any]) -> dict[str, Any]:
        # What both vary, their trials are paired by.
        varied = set(first.plan.get("axes", {})) & set(second.plan.get("axes", {}))
        return {name: value for name, value in given.items() if name not in varied}

    return {
        "load": (load(first), load(second)),
        "knobs": (
            fixed(
                {**first.plan.get("knobs", {}), "store_delay_seconds": first.store_delay_seconds}
            ),
            fixed(
                {**second.plan.get("knobs", {}), "store_delay_seconds": second.store_delay_seconds}
            ),
        ),
        "host": (host(first), host(second)),
        "target": ({"target": first.target}, {"target": second.target}),
        "versions": (versions(first), versions(second)),
    }


def _which(first: Mapping[str, Any], second: Mapping[str, Any]) -> str:
    names = [name for name in {**first, **second} if first.get(name) != second.get(name)]
    return ", ".join(f"{name} {_shown(first, name)} and {_shown(second, name)}" for name in names)


def _shown(values: Mapping[str, Any], name: str) -> object:
    value = values.get(name)
    return "not recorded" if value is None else "our service" if value == "" else value


def _pairs(first: tuple[Path, RunResults], second: tuple[Path, RunResults]) -> Paired:
    sides = [dict(_sides(*each)) for each in (first, second)]
    pairs, left_out = [], []
    for key in sorted({**sides[0], **sides[1]}, key=lambda key: (str(key[3]), *key[:3])):
        values = dict(key[3])
        name = f"{values_text({**values, 'TTL': key[0]})} s, repetition {key[1]}"
        before, after = sides[0].get(key), sides[1].get(key)
        if before is None or after is None:
            left_out.append(f"{name} is in one run only")
        elif not (before.figures.trusted and after.figures.trusted):
            left_out.append(f"{name} is doubted; see the report of the run")
        else:
            pairs.append(Pair(key[0], before, after, values))
    if not pairs:
        reasons = "; ".join(left_out) or "a run has no trials"
        raise NotComparableError(f"there is no pair of trusted trials to compare: {reasons}")
    return Paired(pairs, left_out)


def _sides(folder: Path, results: RunResults) -> Iterator[tuple[_Key, Side]]:
    for figures in results.trials:
        record = results.records[figures.number]
        samples = in_window(record, load_samples(folder, record))
        values = tuple(figures.values.items())
        key = (figures.ttl_seconds, figures.repetition, record.trial.seed, values)
        yield key, Side(figures, samples)

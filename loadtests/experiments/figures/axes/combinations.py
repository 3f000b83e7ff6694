"""Groups the trials of a plan by the values of its axes."""

from collections.abc import Iterable

from loadtests.experiments.figures.trial_figures import TrialFigures
from loadtests.experiments.plan.axes import Values
from loadtests.experiments.records.records import RunRecord


def by_combination(trials: Iterable[TrialFigures]) -> list[tuple[Values, list[TrialFigures]]]:
    """Return the trials of each combination of the axes' values, in the order of its first."""
    groups: dict[tuple[object, ...], tuple[Values, list[TrialFigures]]] = {}
    for trial in trials:
        key = tuple(trial.values.items())
        groups.setdefault(key, (trial.values, []))[1].append(trial)
    return list(groups.values())


def places_of(run: RunRecord, trial: TrialFigures) -> tuple[int, ...]:
    """Return at which place of its axis each value of a trial stands in the plan."""
    axes = run.plan.get("axes", {})
    return tuple(
        axes[name].index(value) if value in axes.get(name, ()) else 0
        for name, value in trial.values.items()
    )


def axis_names(trials: Iterable[TrialFigures]) -> list[str]:
    """Return the names of the axes, in the order of the plan."""
    return list(dict.fromkeys(name for trial in trials for name in trial.values))


def ttls_of(trials: Iterable[TrialFigures]) -> list[float]:
    """Return the TTLs that were measured, in order."""
    return sorted({trial.ttl_seconds for trial in trials})

"""What stands on the x axis of the charts of a plan with axes, and what makes a series."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from loadtests.experiments.figures.axes.combinations import axis_names, by_combination, ttls_of
from loadtests.experiments.figures.trial_figures import TrialFigures
from loadtests.experiments.plan.axes import Values, values_text
from loadtests.experiments.report.charts.chart_style import GREY, INK, Look

Place = float | str

_LOOKS = (
    *(Look("#1f5fa8", "circle"), Look("#c8551b", "square"), Look("#2f8f3a", "triangle-up")),
    *(Look("#8f3bb8", "diamond"), Look("#1f8f86", "hexagon"), Look("#b59200", "triangle-down")),
    *(Look("#a30d1f", "pentagon"), Look("#4a90d9", "star"), Look(INK, "cross"), Look(GREY, "x")),
)


class Line(NamedTuple):
    """The trials that one line goes through.

    Attributes:
        name: In the legend; empty for a single line.
        look: How it is drawn.
        trials: All of them, repetitions and doubted ones included.
    """

    name: str
    look: Look
    trials: list[TrialFigures]


class AxisView(NamedTuple):
    """How trials are laid out in a chart.

    Attributes:
        name: What stands on the x axis: the name of an axis, or "ttl_seconds".
        places: Every place on it, in order.
        lines: One for each combination of the other axes.
    """

    name: str
    places: list[Place]
    lines: list[Line]

    @property
    def title(self) -> str:
        """The title of the x axis."""
        return "TTL in seconds" if self.name == "ttl_seconds" else self.name.replace("_", " ")

    @property
    def over(self) -> str:
        """What the chart's title says after "over"."""
        return "TTL" if self.name == "ttl_seconds" else self.name.replace("_", " ")

    def place(self, trial: TrialFigures) -> Place:
        """Return where a trial stands on the x axis."""
        if self.name == "ttl_seconds":
            return trial.ttl_seconds
        return _place(trial.values[self.name])

    def scale(self) -> dict[str, Any]:
        """Return the style of the x axis."""
        if any(isinstance(place, str) for place in self.places):
            return {"type": "category", "categoryarray": self.places, "categoryorder": "array"}
        numbers = [float(place) for place in self.places]
        wide = min(numbers) > 0 and max(numbers) / min(numbers) >= 4
        return {
            "type": "log" if wide else "linear",
            "tickvals": numbers,
            "ticktext": [f"{number:g}" for number in numbers],
        }


def view_of(trials: Sequence[TrialFigures]) -> AxisView:
    """Lay trials out: over TTL, or over the first axis of the plan if there is a single TTL."""
    ttls = ttls_of(trials)
    if len(ttls) > 1:
        return AxisView("ttl_seconds", list(ttls), _lines(trials, without=""))
    name = axis_names(trials)[0]
    places = list(dict.fromkeys(_place(trial.values[name]) for trial in trials))
    if not any(isinstance(place, str) for place in places):
        places.sort(key=float)
    return AxisView(name, places, _lines(trials, without=name))


def _lines(trials: Sequence[TrialFigures], without: str) -> list[Line]:
    groups: dict[str, list[TrialFigures]] = {}
    for values, same in by_combination(trials):
        others: Values = {name: value for name, value in values.items() if name != without}
        groups.setdefault(values_text(others), []).extend(same)
    return [
        Line(name, _LOOKS[number % len(_LOOKS)], same)
        for number, (name, same) in enumerate(groups.items())
    ]


def _place(value: float | str) -> Place:
    return value if isinstance(value, str) else float(value)

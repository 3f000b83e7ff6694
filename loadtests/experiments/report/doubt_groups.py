"""Groups equal doubts, so that ten trials with the same doubt get one line."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from loadtests.experiments.figures.doubt import Doubt
from loadtests.experiments.figures.trial_figures import TrialFigures

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class DoubtGroup(Generic[_T]):
    """Doubts that differ by nothing but their numbers.

    Attributes:
        subjects: The doubted trials or protections, in their order.
        doubt: The doubt; a number that differs is a range, such as 12–40.
    """  # noqa: RUF002 - the dash of ranges

    subjects: Sequence[_T]
    doubt: Doubt


def group_doubts(found: Iterable[tuple[_T, Doubt]]) -> list[DoubtGroup[_T]]:
    """Return the doubts in groups, in the order of each one's first."""
    groups: dict[tuple[str, ...], list[tuple[_T, Doubt]]] = {}
    for subject, doubt in found:
        words = _NUMBER.sub("0", doubt.text)
        key = (doubt.kind, doubt.scope, words, doubt.advice)
        groups.setdefault(key, []).append((subject, doubt))
    return [
        DoubtGroup([subject for subject, _ in group], _merged([doubt for _, doubt in group]))
        for group in groups.values()
    ]


def trials_text(doubted: Sequence[TrialFigures], trials: int) -> str:
    """Return which trials are doubted, in few words.

    Args:
        doubted: The trials, by TTL.
        trials: How many trials there are.
    """
    if len(doubted) == trials > 1:
        return f"all {trials} trials"
    ttls = ", ".join(dict.fromkeys(f"{trial.ttl_seconds:g}" for trial in doubted))
    numbers = ", ".join(str(trial.number) for trial in doubted)
    return f"TTL {ttls} s, trial{'s' if len(doubted) > 1 else ''} {numbers}"


def _merged(doubts: Sequence[Doubt]) -> Doubt:
    first = doubts[0]
    columns = zip(*(_NUMBER.findall(doubt.text) for doubt in doubts), strict=True)
    ranges = iter([_range(numbers) for numbers in columns])
    text = _NUMBER.sub(lambda _: next(ranges), first.text)
    return Doubt(first.kind, text, first.advice, first.scope)


def _range(numbers: Sequence[str]) -> str:
    low, high = min(numbers, key=float), max(numbers, key=float)
    return low if low == high else f"{low}–{high}"  # noqa: RUF001 - the dash of ranges

"""How stale the reads of a trial were, beside what theory had predicted."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from loadtests.experiments.records.records import TrialRecord
from loadtests.prediction.stale_reads import Staleness
from loadtests.sender.oracle import VISIBLE_SECONDS


@dataclass(frozen=True, slots=True)
class StaleReads:
    """The staleness of the reads of one trial from when its cache was warm; None means unknown.

    Attributes:
        judged: Reads that were compared with the writes before them.
        stale_ratio: Share of those that were older than a write that had been acknowledged.
        mean_seconds: How long the value of a stale read had been superseded, on average.
        visible_ratio: Of reads about a second after a write of their key, the share that shows it.
        predicted: The same by theory; None where there is no formula.
    """

    judged: int
    stale_ratio: float | None
    mean_seconds: float | None
    visible_ratio: float | None
    predicted: Staleness | None


_NUMBERS = ("stale_ratio", "staleness_mean_seconds", "writes_visible_ratio")


def stale_reads_of(record: TrialRecord) -> StaleReads | None:
    """Return how stale the reads of a trial were; None without writes."""
    load = record.load or {}
    # A trial that was measured whole has no warm part.
    counted: Mapping[str, Any] = load if record.window is None else load.get("warm") or {}
    judged = counted.get("judged_reads")
    if not judged:
        return None
    return StaleReads(
        judged,
        counted["stale_reads"] / judged,
        counted.get("staleness_mean_seconds"),
        counted.get("writes_visible_ratio"),
        record.prediction.staleness if record.prediction else None,
    )


def staleness_numbers(found: StaleReads | None) -> dict[str, Any]:
    """Return the figures for JSON; all of them None without writes."""
    expected = found.predicted if found else None
    measured, predicted = (
        (each.stale_ratio, each.mean_seconds, each.visible_ratio) if each else (None,) * 3
        for each in (found, expected)
    )
    return {
        "judged_reads": found.judged if found else None,
        **dict(zip(_NUMBERS, measured, strict=True)),
        **{f"predicted_{name}": value for name, value in zip(_NUMBERS, predicted, strict=True)},
        "writes_visible_after_seconds": VISIBLE_SECONDS if found else None,
    }


def staleness_sentences(found: Iterable[StaleReads | None]) -> Iterator[str]:
    """Yield how far theory is off in the share of stale reads."""
    gaps = [
        abs(each.stale_ratio - each.predicted.stale_ratio)
        for each in found
        if each is not None
        and each.stale_ratio is not None
        and each.predicted is not None
        and each.predicted.stale_ratio is not None
    ]
    if gaps:
        yield (
            f"Of {len(gaps)} trials the share of stale reads is off its formula by "
            f"{max(gaps) * 100:.1f} points at most."
        )

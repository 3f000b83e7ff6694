"""What a target counted, from what the client saw of it, its own counters or its Redis."""

from collections.abc import Sequence

import numpy as np

from loadtests.experiments.records.records import Reading, TrialRecord
from loadtests.experiments.records.samples_file import Samples
from loadtests.service_under_test.contract import (
    RECORDED_RESULTS,
    SERVICE_RESULTS,
    UNKNOWN_RESULT,
    says_enough,
)
from loadtests.service_under_test.counters import ServiceCounters, is_complete, went_backwards

ANSWERS = (*SERVICE_RESULTS, UNKNOWN_RESULT)
"""The results of answers that came; those that did not are in the load generator's summary."""


def count_for(notes: TrialRecord, samples: Samples, told_by: str) -> None:
    """Put counts into the readings of a trial whose service has none of its own.

    They are the client's, unless its answers do not tell and others counted without a fault.

    Args:
        notes: The trial.
        samples: What the client saw.
        told_by: Who counted the keys that were found and those that were not, if anybody did.
    """
    counts = _by_client(samples, [reading.at for reading in notes.readings])
    reads = [reading.counters.key_reads for reading in notes.readings]
    are_sound = bool(reads) and all(map(is_complete, reads)) and not went_backwards(reads)
    if are_sound and not says_enough(counts[-1]):
        notes.counted_by = told_by
        notes.readings = [_by_keys(reading) for reading in notes.readings]
    else:
        notes.readings = [
            Reading(reading.at, ServiceCounters(lookups, {}, reading.counters.key_reads))
            for reading, lookups in zip(notes.readings, counts, strict=True)
        ]
    notes.before = notes.after = None  # Nobody counted the whole trial but the load generator.


def _by_keys(reading: Reading) -> Reading:
    keys = reading.counters.key_reads
    lookups = {"hit": keys["true"], "miss": keys["false"]}
    return Reading(reading.at, ServiceCounters(lookups, {}, keys))


def _by_client(samples: Samples, moments: Sequence[float]) -> list[dict[str, int]]:
    """Return for each moment how many answers had come by then, by result."""
    answered = samples["intended"] + samples["response"]
    ends = {
        word: np.sort(answered[samples["result"] == RECORDED_RESULTS.index(word)])
        for word in ANSWERS
    }
    return [
        {word: int(np.searchsorted(times, moment, "right")) for word, times in ends.items()}
        for moment in moments
    ]

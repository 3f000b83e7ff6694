"""Builds views of runs, for tests."""

import numpy as np

from loadtests.page.snapshot import View
from loadtests.prediction.steady_state import Traffic
from loadtests.run.run_parts import Parts, Sent
from loadtests.sender.samples import RESULT_INDEX
from loadtests.sender.tallies import Tallies
from loadtests.traffic.zipf import Zipf

SENT = Sent(Traffic(Zipf(1, 0.0, 1), 1.0))
"""One item that is asked for once a second."""


def tallies_of(*words, due=0.0, response=0.0025, service=0.00111, **given):
    """Return the tallies of lookups with these results, all due at one time."""
    rows = [(due, response, service, RESULT_INDEX[word], 0) for word in words]
    tallies = Tallies(rows=rows, **given)
    tallies.fold(["ReadHeavy"], 0.0)
    return tallies


def view_of(tallies, ended, *changes, **given):
    """Return the view of a run that has lasted for *ended* seconds.

    Args:
        tallies: What was counted.
        ended: Seconds.
        changes: Each the time of a change and the TTL from then on; the first is at 0.
        given: Other attributes of the view.
    """
    parts = Parts()
    for at, ttl_seconds in changes:
        parts.note(at, {"ttl_seconds": ttl_seconds}, SENT)
    figures = parts.figures(tallies.timeline, ended)
    return View(tallies=tallies, shown=tallies, parts=figures, **given)


def tallies_each_second(hits, misses):
    """Return the tallies of a hit in each of some seconds and a miss in each of others."""
    tallies = Tallies()
    for word, seconds in (("hit", hits), ("miss", misses)):
        due = np.array(seconds, dtype=float)
        tallies.timeline.add(due, np.full(len(due), RESULT_INDEX[word]))
    return tallies

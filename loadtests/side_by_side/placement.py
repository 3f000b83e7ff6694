"""Which cores a server has and which the load, so that the kernel's choice decides no ratio.

Where the threads of one Python process run on two cores, they wake each other across them: two
seconds of one process differ by a factor of two, with the places that the kernel gives them.
"""

import os
import shutil
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Placement:
    """The cores of a bench.

    Attributes:
        server: The core of the server that is measured.
        load: Those of Redis, the database and the load; both are empty where cores are shared.
    """

    server: frozenset[int]
    load: frozenset[int]

    def prefix(self, *, on_one_core: bool) -> list[str]:
        """Return the words before a server's command that keep it where it belongs."""
        cores = self.server if on_one_core else self.server | self.load
        return ["taskset", "-c", ",".join(map(str, sorted(cores)))] if cores else []

    @property
    def sentence(self) -> str:
        """What a table says of it."""
        if not self.load:
            return "shared by server, Redis, database and load"
        return "one for a server (all where a row says so), the rest for Redis, database and load"


def place() -> Placement:
    """Return which cores to use of those that this thread may use."""
    shared = Placement(frozenset(), frozenset())
    if not hasattr(os, "sched_setaffinity") or shutil.which("taskset") is None:
        return shared
    first, *others = sorted(os.sched_getaffinity(0))
    return Placement(frozenset({first}), frozenset(others)) if others else shared


@contextmanager
def started_on(cores: AbstractSet[int]) -> Iterator[None]:
    """Keep what this thread starts in the block on some cores; without any, change nothing."""
    if not cores:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)

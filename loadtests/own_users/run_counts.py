"""What one process counts of a run of one's own users, on the clock of that run."""

import math
import time
from typing import Any

from loadtests.sender.samples import RESULT_INDEX
from loadtests.sender.tallies import Tallies


class RunCounts:
    """Counts lookups by User class and result; begins anew with each run."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forget everything: a run begins."""
        self.tallies = Tallies()
        self._names: list[str] = []
        self._started_at = time.time()
        self._zero = time.perf_counter()

    def now(self) -> float:
        """Return seconds since the run's start."""
        return time.perf_counter() - self._zero

    def count(self, name: str, intended: float, started: float | None, result: str) -> float:
        """Count a lookup that ends now, and return its response time in seconds.

        Args:
            name: The User class that sent it.
            intended: When it was due, seconds since the run's start.
            started: When it was sent; None if it never was.
            result: One of the results that are recorded.
        """
        ended = self.now()
        service = math.nan if started is None else ended - started
        if name not in self._names:
            self._names.append(name)
        row = (intended, ended - intended, service, RESULT_INDEX[result], self._names.index(name))
        self.tallies.rows.append(row)
        return ended - intended

    def fold(self) -> None:
        """Add the lookups since the last time to the tallies."""
        self.tallies.fold(self._names, self._started_at)

    def report(self) -> dict[str, Any]:
        """Return everything, for a message to the master."""
        self.fold()
        return self.tallies.to_message()

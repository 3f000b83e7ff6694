"""A bound on how many threads wait for what another thread or process loads."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from service.domain.store import StoreUnavailableError
from service.guards.bulkhead import BURST_SECONDS, CROWDED

LONGEST_WAIT_SECONDS = 30.0


class WaitingRoom:
    """Seats for those who wait; a load that is young may have a crowd standing beside them.

    Whoever waits holds a thread. When a load takes long, those without a seat are refused, so
    that threads stay free for hits.
    """

    def __init__(self, seats: int, longest_wait_seconds: float = LONGEST_WAIT_SECONDS) -> None:
        """Build it empty.

        Args:
            seats: How many may wait for long.
            longest_wait_seconds: How long that is.
        """
        self._seats = threading.Semaphore(seats)
        self._longest_wait_seconds = longest_wait_seconds

    @contextmanager
    def entered(self, under_way_seconds: float = 0.0) -> Iterator[float]:
        """Wait in the block; gives for how many seconds at most.

        Args:
            under_way_seconds: How long ago the load that is waited for began.

        Raises:
            StoreUnavailableError: There is no seat, and the load is not young.
        """
        seated = self._seats.acquire(blocking=False)
        try:
            longest = self._longest_wait_seconds if seated else BURST_SECONDS - under_way_seconds
            if longest <= 0:
                raise StoreUnavailableError(CROWDED)
            yield longest
        finally:
            if seated:
                self._seats.release()

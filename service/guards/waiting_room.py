"""A bound on the threads that wait for a load of another thread or process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from service.domain.store import StoreUnavailableError
from service.guards.bulkhead import BURST_SECONDS, CROWDED

LONGEST_WAIT_SECONDS = 30.0


class WaitingRoom:
    """Seats for threads that wait for a load; while the load is young, a crowd may stand.

    Each waiter holds a thread. When a load takes long, waiters without a seat are refused, so
    that threads stay free for hits.

    Args:
        seats: How many threads may wait for long.
        longest_wait_seconds: The longest wait of a thread with a seat.
    """

    def __init__(self, seats: int, longest_wait_seconds: float = LONGEST_WAIT_SECONDS) -> None:
        self._seats = threading.Semaphore(seats)
        self._longest_wait_seconds = longest_wait_seconds

    @contextmanager
    def enter(self, under_way_seconds: float = 0.0) -> Iterator[float]:
        """Admit the block, which waits; yield how many seconds it may wait.

        Args:
            under_way_seconds: How long ago the awaited load began.

        Raises:
            StoreUnavailableError: No seat is free, and the load is no longer young.
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

"""How many of the server's threads may load, write and wait at the same time."""

from service.guards.bulkhead import Bulkhead
from service.guards.waiting_room import WaitingRoom

LONGEST_WAIT_FOR_A_LOAD_SECONDS = 0.5
# A commit can take this long on a slow disk.
COMMIT_SECONDS = 2.0
# Reads that check hits in the background, at a time.
SHADOW_READS = 1


def load_bulkhead(threads: int, store_pool_size: int) -> Bulkhead:
    """Build the bound on loads: one for each connection, the spare threads may wait."""
    places = max(0, _spare_threads(threads, store_pool_size))
    return Bulkhead(store_pool_size, places, LONGEST_WAIT_FOR_A_LOAD_SECONDS)


def write_bulkhead(threads: int) -> Bulkhead:
    """Build the bound on writes: a quarter of the threads write, as many more may wait."""
    writers = max(1, threads // 4)
    return Bulkhead(writers, writers, COMMIT_SECONDS, stalled_seconds=COMMIT_SECONDS)


def shadow_bulkhead() -> Bulkhead:
    """Build the bound on reads that check hits; the pool has a connection for each."""
    return Bulkhead(SHADOW_READS, 0, 0.0)


def waiting_room(threads: int, store_pool_size: int) -> WaitingRoom:
    """Build the bound on threads that wait for the load of another thread or process."""
    # With a pool as large as all threads none is spare, yet a stampede must be able to wait.
    return WaitingRoom(max(1, _spare_threads(threads, store_pool_size), threads * 2 // 5))


def _spare_threads(threads: int, store_pool_size: int) -> int:
    """Return how many threads may wait while others load and some are kept for hits."""
    threads_for_hits = threads // 8
    return threads - store_pool_size - threads_for_hits

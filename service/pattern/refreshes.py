"""Background refreshes of entries that are still served, bounded in number."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from service.domain.cache import CacheUnavailableError
from service.domain.store import StoreUnavailableError

# Pause for a fruit whose refresh failed or was done by another process.
PAUSE_SECONDS = 0.05
FORGET_ABOVE = 10_000

log = logging.getLogger("service")


class BackgroundRefreshes:
    """Runs refreshes beside the lookups that ask for them; no lookup waits for one.

    Args:
        most: Refreshes at the same time; more are not begun.
        clock: Monotonic seconds.
        submit: Runs a refresh; by default on a pool of threads, started at the first one.
    """

    def __init__(
        self,
        most: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        submit: Callable[[Callable[[], None]], object] | None = None,
    ) -> None:
        self._free = threading.Semaphore(most)
        self._clock = clock
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="refresh")
        self._submit = submit or self._pool.submit
        self._lock = threading.Lock()
        self._not_before: dict[int, float] = {}

    def stop(self) -> None:
        """Let the threads end, each after the refresh under way, and begin no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def begin(self, refresh: Callable[[], object]) -> bool:
        """Begin a refresh even if the fruit is being refreshed; return whether it began."""
        if not self._free.acquire(blocking=False):
            return False
        cancelled = threading.Event()

        def run() -> None:
            if not cancelled.is_set():
                self._run(refresh)

        try:
            self._submit(run)
        except RuntimeError:  # the interpreter is shutting down, or no thread is left
            # The pool has kept it in its queue all the same, for a later thread.
            cancelled.set()
            self._free.release()
            return False
        return True

    def begin_one(self, fruit_id: int, refresh: Callable[[], bool]) -> bool:
        """Begin a refresh unless this process has one under way for the fruit."""
        with self._lock:
            if self._clock() < self._not_before.get(fruit_id, 0.0):
                return False
            self._not_before[fruit_id] = float("inf")
            if len(self._not_before) > FORGET_ABOVE:
                now = self._clock()
                self._not_before = {key: at for key, at in self._not_before.items() if at > now}

        def refresh_and_allow_next() -> None:
            refreshed = False
            try:
                refreshed = refresh()
            finally:
                self._allow_after(fruit_id, 0.0 if refreshed else PAUSE_SECONDS)

        begun = self.begin(refresh_and_allow_next)
        if not begun:
            self._allow_after(fruit_id, 0.0)
        return begun

    def _allow_after(self, fruit_id: int, pause_seconds: float) -> None:
        with self._lock:
            if pause_seconds:
                self._not_before[fruit_id] = self._clock() + pause_seconds
            else:
                self._not_before.pop(fruit_id, None)

    def _run(self, refresh: Callable[[], object]) -> None:
        try:
            refresh()
        except (CacheUnavailableError, StoreUnavailableError) as error:
            log.debug("refresh failed: %s", error)
        except Exception:
            log.exception("unexpected error in a refresh")
        finally:
            self._free.release()

"""Refreshes of entries that still serve, in the background, bounded in number."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from service.domain.cache import CacheUnavailableError
from service.domain.store import StoreUnavailableError

# After a refresh that was another's or failed, this fruit is left alone for a moment.
PAUSE_SECONDS = 0.05
FORGET_ABOVE = 10_000

log = logging.getLogger("service")


class Refreshes:
    """Runs refreshes beside the lookups that asked for them; nobody waits for one."""

    def __init__(
        self,
        most: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        submit: Callable[[Callable[[], None]], object] | None = None,
    ) -> None:
        """Build it idle; threads come with the first refresh.

        Args:
            most: Refreshes at the same time; more are not begun.
            clock: Monotonic seconds.
            submit: Runs a refresh; on a thread of its own unless a test gives another way.
        """
        self._free = threading.Semaphore(most)
        self._clock = clock
        self._submit = submit or ThreadPoolExecutor(most, thread_name_prefix="refresh").submit
        self._lock = threading.Lock()
        self._not_before: dict[int, float] = {}

    def begin(self, refresh: Callable[[], object]) -> bool:
        """Begin a refresh, whoever else refreshes the same; tells whether it was begun."""
        if not self._free.acquire(blocking=False):
            return False
        try:
            self._submit(lambda: self._run(refresh))
        except RuntimeError:  # the interpreter is shutting down
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
                self._forget()

        def alone() -> None:
            refreshed = False
            try:
                refreshed = refresh()
            finally:
                self._leave(fruit_id, 0.0 if refreshed else PAUSE_SECONDS)

        begun = self.begin(alone)
        if not begun:
            self._leave(fruit_id, 0.0)
        return begun

    def _leave(self, fruit_id: int, pause_seconds: float) -> None:
        with self._lock:
            if pause_seconds:
                self._not_before[fruit_id] = self._clock() + pause_seconds
            else:
                self._not_before.pop(fruit_id, None)

    def _forget(self) -> None:
        now = self._clock()
        self._not_before = {key: at for key, at in self._not_before.items() if at > now}

    def _run(self, refresh: Callable[[], object]) -> None:
        try:
            refresh()
        except (CacheUnavailableError, StoreUnavailableError) as error:
            log.debug("refresh failed: %s", error)
        except Exception:
            log.exception("unforeseen error in a refresh")
        finally:
            self._free.release()

"""The chores that a process does by itself twice a second, from its first request on."""

import logging
import threading
from collections.abc import Callable, Sequence

EVERY_SECONDS = 0.5

log = logging.getLogger("service")


class Housekeeping:
    """Runs chores once when started, then regularly on a thread of its own.

    It starts with the first request, so that a program which builds the app only to inspect
    it, or to fork from it, runs no thread and contacts no server.

    Args:
        chores: Functions that each end within a bounded time.
        start_thread: Runs the chores; by default on a daemon thread.
    """

    def __init__(
        self,
        chores: Sequence[Callable[[], object]],
        *,
        start_thread: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        self._chores = chores
        self._start_thread = start_thread or _start_daemon
        self._starting = threading.Lock()
        self._stopped = threading.Event()
        self._ran = self._started = False

    def start(self) -> bool:
        """Run every chore once and start the thread, unless it was started before.

        Returns:
            Whether the thread runs; not when the system has none left, so that it is to be
            started again later.
        """
        with self._starting:
            if self._started:
                return True
            if not self._ran:
                self._run_once()
            try:
                self._start_thread(self._run)
            except RuntimeError as error:
                if not self._ran:
                    log.warning("no thread can be started for the chores yet: %s", error)
                return False
            finally:
                self._ran = True
            self._started = True
            return True

    def stop(self) -> None:
        """Stop after the chores under way."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(EVERY_SECONDS):
            self._run_once()

    def _run_once(self) -> None:
        for chore in self._chores:
            try:
                chore()
            except Exception:
                log.exception("unexpected error in a chore")


def _start_daemon(target: Callable[[], None]) -> None:
    threading.Thread(target=target, name="housekeeping", daemon=True).start()

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
    """

    def __init__(self, chores: Sequence[Callable[[], object]]) -> None:
        self._chores = chores
        self._starting = threading.Lock()
        self._stopped = threading.Event()
        self._started = False

    def start(self) -> None:
        """Run every chore once and start the thread, unless it was started before."""
        with self._starting:
            if self._started:
                return
            self._run_once()
            threading.Thread(target=self._run, name="housekeeping", daemon=True).start()
            self._started = True

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

"""What a process does by itself twice a second, from its first request on."""

import logging
import threading
from collections.abc import Callable, Sequence

EVERY_SECONDS = 0.5

log = logging.getLogger("service")


class Housekeeping:
    """Runs its chores once when the first request comes, then on a thread of its own.

    Not before: a program that builds the app only to look at it, or to fork from it, gets no
    thread and asks no server.
    """

    def __init__(self, chores: Sequence[Callable[[], object]]) -> None:
        """Build it idle.

        Args:
            chores: Each is bounded in time.
        """
        self._chores = chores
        self._starting = threading.Lock()
        self._stopped = threading.Event()
        self.started = False

    def start(self) -> None:
        """Begin, unless it was begun."""
        if self.started:
            return
        with self._starting:
            if self.started:
                return
            self._run_once()
            threading.Thread(target=self._run, name="housekeeping", daemon=True).start()
            self.started = True

    def stop(self) -> None:
        """End after the chores under way."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(EVERY_SECONDS):
            self._run_once()

    def _run_once(self) -> None:
        for chore in self._chores:
            try:
                chore()
            except Exception:
                log.exception("unforeseen error in a chore")

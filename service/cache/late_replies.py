"""Replies that come after nobody waits for them any more, read for their count's sake."""

import queue
import threading
from collections.abc import Callable


class LateReplies:
    """Reads on where a lookup gave up: Redis has counted that read, so it is counted here.

    One thread, begun with the first reply that is late, so that no lookup waits for it.
    """

    def __init__(self) -> None:
        """Build it idle."""
        self._due: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._starting = threading.Lock()
        self._started = False

    def adopt(self, read_on: Callable[[], None]) -> None:
        """Take over from a caller that goes on without its reply.

        Args:
            read_on: Waits a bounded time for the reply and deals with it; never raises.
        """
        self._due.put(read_on)
        with self._starting:
            if not self._started:
                self._started = True
                threading.Thread(target=self._run, name="late-replies", daemon=True).start()

    def _run(self) -> None:
        while True:
            self._due.get()()

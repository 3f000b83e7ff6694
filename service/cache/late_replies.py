"""Late replies: read after their caller gave up, so that the keys Redis read are counted."""

import queue
import threading
from collections.abc import Callable


class LateReplies:
    """Reads the replies that lookups gave up on, because Redis has counted those reads.

    It uses one thread, started with the first late reply, so that no lookup waits for it.
    """

    def __init__(self) -> None:
        self._due: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._starting = threading.Lock()
        self._started = False

    def adopt(self, read: Callable[[], None]) -> None:
        """Take over the reading from a caller that goes on without its reply.

        Args:
            read: Waits a bounded time for the reply and handles it; never raises.
        """
        self._due.put(read)
        with self._starting:
            if not self._started:
                self._started = True
                threading.Thread(target=self._run, name="late-replies", daemon=True).start()

    def _run(self) -> None:
        while True:
            self._due.get()()

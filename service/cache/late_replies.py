"""Late replies: read after their caller gave up, so that the keys Redis read are counted."""

import queue
import threading
import time
from collections.abc import Callable

# When Redis hangs and recovers within this time, its late replies are still counted.
LATE_SECONDS = 30.0
# Each waiting reply keeps a connection open. A Redis that stops answering leaves at most one for
# each thread of the service before the breaker opens.
MOST_WAITING = 64


class LateReplies:
    """Reads the replies that lookups gave up on, because Redis has counted those reads.

    It uses one thread, started with the first late reply, so that no lookup waits for it.

    Args:
        most: How many replies may wait to be read.
        clock: Monotonic seconds.
        start_thread: Runs the reading; by default on a daemon thread.
    """

    def __init__(
        self,
        most: int = MOST_WAITING,
        *,
        clock: Callable[[], float] = time.monotonic,
        start_thread: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        self._due: queue.Queue[tuple[float, Callable[[float], None]]] = queue.Queue(most)
        self._clock = clock
        self._start_thread = start_thread or _start_daemon
        self._starting = threading.Lock()
        self._started = False

    def adopt(self, read: Callable[[float], None]) -> bool:
        """Take over the reading from a caller that goes on without its reply.

        Args:
            read: Waits at most the given seconds for the reply and handles it; never raises.

        Returns:
            Whether it did; not when too many wait already, or when no thread can be started.
        """
        if not self._start():
            return False
        try:
            self._due.put_nowait((self._clock() + LATE_SECONDS, read))
        except queue.Full:
            return False
        return True

    def _start(self) -> bool:
        with self._starting:
            if not self._started:
                try:
                    self._start_thread(self._run)
                except RuntimeError:  # the system has no thread left
                    return False
                self._started = True
        return True

    def _run(self) -> None:
        while True:
            ends, read = self._due.get()
            read(max(0.0, ends - self._clock()))


def _start_daemon(target: Callable[[], None]) -> None:
    threading.Thread(target=target, name="late-replies", daemon=True).start()

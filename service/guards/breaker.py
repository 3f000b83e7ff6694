"""When to stop asking a dependency, and when to ask it again."""

import logging
import threading
import time
from collections.abc import Callable

log = logging.getLogger("service")

FAILURES_IN_A_ROW = 5
# The first probe comes at once; when it fails, pauses grow from the first to the second.
FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.25


class Breaker:
    """Opens when a dependency hangs or fails, closes when one probe in the background succeeds.

    Callers ask `allows()` before a call and tell how it ended; no lock is held meanwhile, so
    slow calls overlap. It opens at once when a call failed and nothing succeeded since that
    call began (the dependency stalled), or after some failures in a row whatever succeeded
    beside them. While open, one thread probes; everybody else stays away until it closes.
    """

    def __init__(
        self,
        probe: Callable[[], bool],
        turned: Callable[[bool], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        start_thread: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        """Build a closed breaker.

        Args:
            probe: Asks the dependency once and tells whether it answered.
            turned: Hears True when the breaker opens and False when it closes.
            clock: Monotonic seconds.
            start_thread: Runs the probing; a daemon thread unless a test gives another way.
        """
        self._probe = probe
        self._turned = turned
        self._clock = clock
        self._start_thread = start_thread or _start_daemon
        self._turning = threading.Lock()
        self._open = False
        self._stopped = threading.Event()
        self._failures = 0
        self._last_success = -1.0

    def allows(self) -> bool:
        """Tell whether the dependency may be asked now."""
        return not self._open

    def begin(self) -> float:
        """Give the time that a call begins, for `failed`."""
        return self._clock()

    def succeeded(self) -> None:
        """Hear that a call was answered, were it with a refusal."""
        self._failures = 0
        self._last_success = self._clock()

    def failed(self, began: float) -> None:
        """Hear that a call that began then was not answered."""
        self._failures += 1
        if self._last_success < began or self._failures >= FAILURES_IN_A_ROW:
            self._turn_open()

    def stop(self) -> None:
        """End the probing, if any."""
        self._stopped.set()

    def _turn_open(self) -> None:
        with self._turning:
            if self._open:
                return
            self._open = True
        self._turned(True)
        self._start_thread(self._probe_until_answered)

    def _probe_until_answered(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._answered():
            if self._stopped.wait(pause):
                return
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        self.succeeded()
        # Told before it closes, so that a new opening cannot be told first.
        self._turned(False)
        self._open = False

    def _answered(self) -> bool:
        try:
            return self._probe()
        except Exception:
            log.exception("unforeseen error in a probe")
            return False


def _start_daemon(target: Callable[[], None]) -> None:
    threading.Thread(target=target, name="breaker-probe", daemon=True).start()

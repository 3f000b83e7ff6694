"""When to stop calling a dependency, and when to call it again."""

import logging
import threading
import time
from collections.abc import Callable

log = logging.getLogger("service")

FAILURES_IN_A_ROW = 5
# The first probe is sent at once; after each failed probe the pause doubles.
FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.25


class Breaker:
    """Opens when a dependency hangs or fails, closes when a probe in the background succeeds.

    Callers check `is_open` before a call. Afterwards they set `answered_at`, or call `failed`
    when there was no answer. No lock is held during a call, so that slow calls overlap. The
    breaker opens at once when nothing was answered since the failed call began (the dependency
    stalled), or after some failures without an answer between them. While it is open, one
    thread probes and every other caller stays away.

    Args:
        probe: Calls the dependency once and returns whether it answered.
        turned: Receives True when the breaker opens and False when it closes.
        clock: Monotonic seconds.
        start_thread: Runs the probing; by default on a daemon thread.

    Attributes:
        is_open: Whether the dependency must not be called; an attribute, because every
            lookup checks it.
        answered_at: When the dependency last answered a caller, be it with a refusal, on the
            breaker's clock.
    """

    def __init__(
        self,
        probe: Callable[[], bool],
        turned: Callable[[bool], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        start_thread: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        self.is_open = False
        self.answered_at = -1.0
        self._probe = probe
        self._turned = turned
        self._clock = clock
        self._start_thread = start_thread or _start_daemon
        self._turning = threading.Lock()
        self._stopped = threading.Event()
        self._failures = 0
        self._failed_at = -1.0

    def failed(self, began: float) -> None:
        """Record that a call that began at this time was not answered."""
        if self.answered_at > self._failed_at:
            self._failures = 0
        self._failed_at = self._clock()
        self._failures += 1
        if self.answered_at < began or self._failures >= FAILURES_IN_A_ROW:
            self._open()

    def stop(self) -> None:
        """Stop the probing."""
        self._stopped.set()

    def _open(self) -> None:
        with self._turning:
            if self.is_open:
                return
            self.is_open = True
        self._turned(True)
        try:
            self._start_thread(self._probe_until_answered)
        except RuntimeError as error:
            # Nobody would ever close it, so that callers find out by themselves.
            log.warning("no thread can be started for a probe (%s); calls go on", error)
            self._close()

    def _probe_until_answered(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._answers():
            if self._stopped.wait(pause):
                return
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        self.answered_at = self._clock()
        self._close()

    def _close(self) -> None:
        # Reported before it closes, so that its next opening cannot be reported first.
        self._turned(False)
        self.is_open = False

    def _answers(self) -> bool:
        try:
            return self._probe()
        except Exception:
            log.exception("unexpected error in a probe")
            return False


def _start_daemon(target: Callable[[], None]) -> None:
    threading.Thread(target=target, name="breaker-probe", daemon=True).start()

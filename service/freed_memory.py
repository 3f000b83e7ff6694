"""Gives memory that was freed back to the system, so that a process grows less under load."""

import ctypes
import time
from collections.abc import Callable

# Giving it back took up to 1 ms under full load.
EVERY_SECONDS = 10.0
# In a large heap it takes longer, while threads that allocate wait: it is done the more rarely.
LONGEST_SHARE = 0.001


def _malloc_trim() -> Callable[[int], int] | None:
    """Return the function of glibc that gives pages back; other C libraries do not have it."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim.argtypes = [ctypes.c_size_t]
    return trim


class FreedMemory:
    """Lets glibc return free pages, which it keeps apart for each group of threads.

    A thread cannot use the free pages of another group, so that the process would grow by 10 MB in
    its first five minutes under full load although it holds no more than before.

    Args:
        trim: Gives free pages back, less so many bytes; None where there is no such function.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        *,
        trim: Callable[[int], int] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._trim = trim or _malloc_trim()
        self._clock = clock
        self._due = clock() + EVERY_SECONDS

    def give_back(self) -> None:
        """Give free pages back, unless that was done a moment ago."""
        began = self._clock()
        if self._trim is not None and began >= self._due:
            self._trim(0)
            ended = self._clock()
            self._due = ended + max(EVERY_SECONDS, (ended - began) / LONGEST_SHARE)

"""Compiles loops over columns, once a machine where the compiler may keep what it made."""

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

Loop = TypeVar("Loop", bound=Callable[..., object])


def compiled(loop: Loop) -> Loop:
    """Return *loop* compiled; it may run beside others, since it does not hold the GIL."""
    try:
        return cast("Loop", njit(cache=True, nogil=True)(loop))
    except RuntimeError:  # No folder to keep it in can be written.
        return cast("Loop", njit(nogil=True)(loop))

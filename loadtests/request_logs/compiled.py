"""Compiles loops over columns, once a machine where the compiler may keep what it made.

What is kept is made again when the loop's own file changes, not when another does; so a compiled
loop calls only those of its own file.
"""

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar, cast

from numba import njit

Loop = TypeVar("Loop", bound=Callable[..., object])
Array: TypeAlias = Any
"""An array as a compiled loop takes it."""


def compiled(loop: Loop) -> Loop:
    """Return *loop* compiled; it may run beside others, since it does not hold the GIL."""
    try:
        return cast("Loop", njit(cache=True, nogil=True)(loop))
    except RuntimeError:  # No folder to keep it in can be written.
        return cast("Loop", njit(nogil=True)(loop))

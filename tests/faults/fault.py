"""What a fault is: what breaks, how, and what must hold while it lasts."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from tests.faults.stage import Stage

Strike = Callable[[Stage], Iterator[None]]


@dataclass(frozen=True)
class Fault:
    """One way in which something breaks.

    Attributes:
        name: What breaks and how, as the table says it.
        run: Breaks it while the block runs, and mends it at the block's end.
        lookups_fail: Whether lookups of ids that are not cached may fail meanwhile.
        hits_fail: Whether lookups of cached ids may fail meanwhile.
        writes_fail: Whether writes may be refused meanwhile.
        is_counted: Whether the services' own counts survive the fault.
        of_one_process: Whether it is the first process of the service that cannot answer.
        seconds: How long it lasts.
        needs_clock: Whether it needs a stage whose clock can be stepped.
        in_short: Whether the short variant of CI measures it.
    """

    name: str
    run: Callable[[Stage], AbstractContextManager[None]]
    lookups_fail: bool = False
    hits_fail: bool = False
    writes_fail: bool = False
    is_counted: bool = True
    of_one_process: bool = False
    seconds: float = 3.0
    needs_clock: bool = False
    in_short: bool = False


def of_redis(name: str, strike: Strike, *, in_short: bool = False) -> Fault:
    """Return a fault of Redis: no lookup and no write may fail."""
    return Fault(name, contextmanager(strike), in_short=in_short)


def of_database(
    name: str, strike: Strike, *, seconds: float = 3.0, in_short: bool = False
) -> Fault:
    """Return a fault of the database: no hit may fail."""
    return Fault(
        name,
        contextmanager(strike),
        lookups_fail=True,
        writes_fail=True,
        seconds=seconds,
        in_short=in_short,
    )


def of_service(name: str, strike: Strike, *, ends: bool, in_short: bool = False) -> Fault:
    """Return a fault of one process of the service; if it ends, its clients fail."""
    return Fault(
        name,
        contextmanager(strike),
        lookups_fail=ends,
        hits_fail=ends,
        writes_fail=ends,
        is_counted=not ends,
        of_one_process=True,
        in_short=in_short,
    )


def of_clock(name: str, strike: Strike) -> Fault:
    """Return a step of the clock: nothing may fail."""
    return Fault(name, contextmanager(strike), needs_clock=True)

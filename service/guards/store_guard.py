"""Whether the store may be called: not while it is down, and not by too many at a time."""

import time
from collections.abc import Callable
from typing import TypeVar

from service.domain.store import StoreRefusedError, StoreUnavailableError
from service.guards.breaker import Breaker
from service.guards.bulkhead import Bulkhead

Value = TypeVar("Value")


class StoreGuard:
    """Admits calls of the store, and records on the breaker how each ended.

    Args:
        breaker: Shared by all guards of the store.
        bulkhead: Bounds the calls that this guard admits.
    """

    def __init__(self, breaker: Breaker, bulkhead: Bulkhead) -> None:
        self._breaker = breaker
        self._bulkhead = bulkhead

    @property
    def answers(self) -> bool:
        """Whether the store answered recently."""
        return not self._breaker.is_open

    def call(self, call: Callable[[], Value], *, patient: bool = True) -> Value:
        """Return what a call of the store returns.

        A context manager around the call would take longer than all that it does.

        Args:
            call: Calls the store.
            patient: Whether to wait for a turn.

        Raises:
            StoreUnavailableError: The store does not answer, recently did not, or refused, or
                too many call it.
        """
        self._refuse_while_down()
        self._bulkhead.take(patient=patient)
        try:
            # The store may have gone down while this caller waited for its turn.
            self._refuse_while_down()
            began = time.monotonic()
            try:
                value = call()
            except StoreRefusedError:
                self._breaker.answered_at = time.monotonic()
                raise
            except StoreUnavailableError:
                self._breaker.failed(began)
                raise
            self._breaker.answered_at = time.monotonic()
            return value
        finally:
            self._bulkhead.leave()

    def _refuse_while_down(self) -> None:
        if self._breaker.is_open:
            raise StoreUnavailableError("the store recently did not answer")

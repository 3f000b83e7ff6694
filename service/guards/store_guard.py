"""Whether the store may be called: not while it is down, and not by too many at a time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from service.domain.store import StoreRefusedError, StoreUnavailableError
from service.guards.breaker import Breaker
from service.guards.bulkhead import Bulkhead


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

    @contextmanager
    def enter(self, *, patient: bool = True) -> Iterator[None]:
        """Admit the block, which calls the store.

        Args:
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
                yield
            except StoreRefusedError:
                self._breaker.answered_at = time.monotonic()
                raise
            except StoreUnavailableError:
                self._breaker.failed(began)
                raise
            self._breaker.answered_at = time.monotonic()
        finally:
            self._bulkhead.leave()

    def _refuse_while_down(self) -> None:
        if self._breaker.is_open:
            raise StoreUnavailableError("the store recently did not answer")

"""Whether the store may be asked: not while it is down, and not by too many at a time."""

from collections.abc import Iterator
from contextlib import contextmanager

from service.domain.store import StoreRefusedError, StoreUnavailableError
from service.guards.breaker import Breaker
from service.guards.bulkhead import Bulkhead


class StoreGuard:
    """Stands before the store, and tells the breaker how each question ended."""

    def __init__(self, breaker: Breaker, bulkhead: Bulkhead) -> None:
        """Join the parts.

        Args:
            breaker: Shared by all that ask the store.
            bulkhead: Bounds those who ask by way of this guard.
        """
        self._breaker = breaker
        self._bulkhead = bulkhead

    @contextmanager
    def asked(self, *, patient: bool = True) -> Iterator[None]:
        """Ask the store while the block runs.

        Args:
            patient: Whether to wait for a turn.

        Raises:
            StoreUnavailableError: It did not answer, now or lately, or refused, or too many
                ask it.
        """
        self._refuse_while_down()
        with self._bulkhead.entered(patient=patient):
            # It may have gone while this one waited for a turn.
            self._refuse_while_down()
            began = self._breaker.begin()
            try:
                yield
            except StoreRefusedError:
                self._breaker.succeeded()
                raise
            except StoreUnavailableError:
                self._breaker.failed(began)
                raise
            self._breaker.succeeded()

    def _refuse_while_down(self) -> None:
        if not self._breaker.allows():
            raise StoreUnavailableError("the store did not answer lately")

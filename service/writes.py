"""Writes: the store first, committed, then the invalidation."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from service.breaker import Breaker
from service.bulkhead import Bulkhead
from service.fruit import Fruit
from service.invalidations import Invalidations
from service.lookup import InvalidationOutcome, StoreUnavailableError


class WriteStore(Protocol):
    """Where rows are written."""

    def replace(self, fruit: Fruit) -> bool:
        """Write a row and tell whether it is new; raises StoreUnavailableError."""

    def delete(self, fruit_id: int) -> bool:
        """Delete a row and tell whether it was there; raises StoreUnavailableError."""


class Writes:
    """Changes fruit, and sees to it that no lookup after the answer gets the old one."""

    def __init__(
        self,
        store: WriteStore,
        invalidations: Invalidations,
        bulkhead: Bulkhead,
        breaker: Breaker,
    ) -> None:
        """Join the parts."""
        self._store = store
        self._invalidations = invalidations
        self._bulkhead = bulkhead
        self._breaker = breaker

    def replace(self, fruit: Fruit) -> tuple[bool, InvalidationOutcome | None]:
        """Create or replace a fruit; tells whether it is new, and how the cache took it.

        Raises:
            StoreUnavailableError: It may or may not be written.
        """
        return self._write(fruit.id, lambda: self._store.replace(fruit))

    def delete(self, fruit_id: int) -> tuple[bool, InvalidationOutcome | None]:
        """Delete a fruit; tells whether it was there, and how the cache took it.

        Raises:
            StoreUnavailableError: It may or may not be deleted.
        """
        return self._write(fruit_id, lambda: self._store.delete(fruit_id))

    def _write(
        self, fruit_id: int, write: Callable[[], bool]
    ) -> tuple[bool, InvalidationOutcome | None]:
        with self._asked():
            try:
                changed = write()
            except StoreUnavailableError:
                # The database may have done it and only the answer be lost.
                self._invalidations.invalidate(fruit_id)
                raise
        return changed, self._invalidations.invalidate(fruit_id)

    @contextmanager
    def _asked(self) -> Iterator[None]:
        if not self._breaker.allows():
            raise StoreUnavailableError("the store did not answer lately")
        with self._bulkhead.entered():
            began = self._breaker.begin()
            try:
                yield
            except StoreUnavailableError:
                self._breaker.failed(began)
                raise
            self._breaker.succeeded()

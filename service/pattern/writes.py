"""Writes: the store first, committed, then the invalidation."""

from collections.abc import Callable

from service.domain.cache import InvalidationOutcome
from service.domain.fruit import Fruit
from service.domain.store import Store, StoreUnavailableError
from service.guards.store_guard import StoreGuard
from service.pattern.invalidations import Invalidations


class Writes:
    """Changes fruit, and sees to it that no lookup after the answer gets the old one."""

    def __init__(self, store: Store, invalidations: Invalidations, guard: StoreGuard) -> None:
        """Join the parts."""
        self._store = store
        self._invalidations = invalidations
        self._guard = guard

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
        with self._guard.asked():
            try:
                changed = write()
            except StoreUnavailableError:
                # The database may have done it and only the answer be lost.
                self._invalidations.invalidate(fruit_id)
                raise
        return changed, self._invalidations.invalidate(fruit_id)

"""Writes: the store first, committed, then the invalidation."""

from collections.abc import Callable

from service.domain.cache import InvalidationOutcome
from service.domain.fruit import Fruit
from service.domain.store import Store, StoreRefusedError, StoreUnavailableError
from service.guards.store_guard import StoreGuard
from service.pattern.invalidations import Invalidations


class Writes:
    """Changes fruit so that no lookup after the answer returns the old value.

    Args:
        store: Written first.
        invalidations: Remove the entry of what was written.
        guard: Bounds the writes, and refuses them while the store is down.
    """

    def __init__(self, store: Store, invalidations: Invalidations, guard: StoreGuard) -> None:
        self._store = store
        self._invalidations = invalidations
        self._guard = guard

    def replace(self, fruit: Fruit) -> tuple[bool, InvalidationOutcome | None]:
        """Create or replace a fruit; return whether it is new, and its invalidation's outcome.

        Raises:
            StoreUnavailableError: It may or may not be written.
        """
        return self._write(fruit.id, lambda: self._store.replace(fruit))

    def delete(self, fruit_id: int) -> tuple[bool, InvalidationOutcome | None]:
        """Delete a fruit; return whether it existed, and its invalidation's outcome.

        Raises:
            StoreUnavailableError: It may or may not be deleted.
        """
        return self._write(fruit_id, lambda: self._store.delete(fruit_id))

    def _write(
        self, fruit_id: int, write: Callable[[], bool]
    ) -> tuple[bool, InvalidationOutcome | None]:
        def write_or_invalidate() -> bool:
            try:
                return write()
            except StoreUnavailableError as error:
                # The database may have committed and only its reply be lost, or commit later.
                refused = isinstance(error, StoreRefusedError)
                self._invalidations.invalidate(fruit_id, is_settled=refused)
                raise

        changed = self._guard.call(write_or_invalidate)
        return changed, self._invalidations.invalidate(fruit_id)

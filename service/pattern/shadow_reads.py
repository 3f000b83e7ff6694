"""Reading some hits again from the store, to count how many of them were right."""

from collections.abc import Callable

from service.domain.fruit import Fruit
from service.domain.knobs import Knobs
from service.domain.observer import Observer
from service.domain.store import ShadowOutcome, Store
from service.guards.store_guard import StoreGuard
from service.pattern.refreshes import BackgroundRefreshes

# The longer a read waits, the more often a write comes in between, which the hit could not know.
LONGEST_WAIT_SECONDS = 0.05


class ShadowReads:
    """Compares what hits served with the rows of that moment, beside the lookups.

    A hit that finds the last read under way is not read again.

    Args:
        store: Has the rows.
        guard: Bounds the reads; loads have places of their own.
        background: Runs the reads.
        observer: Notified of every comparison.
        draw: Uniform in [0, 1), to choose the hits.
        clock: Monotonic seconds.
    """

    def __init__(  # noqa: PLR0913 - the parts are joined here
        self,
        store: Store,
        guard: StoreGuard,
        background: BackgroundRefreshes,
        observer: Observer,
        *,
        draw: Callable[[], float],
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._guard = guard
        self._background = background
        self._observer = observer
        self._draw = draw
        self._clock = clock

    def consider(
        self, fruit_id: int, served: Fruit | None, age_seconds: float | None, knobs: Knobs
    ) -> None:
        """Read the fruit of a hit again, for the share of hits that the knobs say."""
        if self._draw() >= knobs.shadow_ratio:
            return
        served_at = self._clock()
        self._background.begin(lambda: self._compare(fruit_id, served, age_seconds, served_at))

    def _compare(
        self, fruit_id: int, served: Fruit | None, age_seconds: float | None, served_at: float
    ) -> None:
        if self._clock() - served_at > LONGEST_WAIT_SECONDS:
            return
        row = self._guard.call(lambda: self._store.read_again(fruit_id), patient=False)
        outcome = ShadowOutcome.EQUAL
        if row != served:
            outcome = ShadowOutcome.GONE if row is None else ShadowOutcome.STALE
        self._observer.shadow_read(outcome, age_seconds)

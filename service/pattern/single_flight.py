"""One load for all callers in this process that want the same value at the same time."""

import math
import threading
from collections import deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from service.domain.cache import LONGEST_FENCED_SECONDS, CacheUnavailableError
from service.domain.store import StoreUnavailableError
from service.guards.waiting_room import WaitingRoom

Value = TypeVar("Value")

# A caller may share a flight that landed between the caller's miss and its call here, which
# takes no longer than this.
REMEMBERED_SECONDS = 1.0


class _Flight(Generic[Value]):
    """One call under way, or landed a moment ago; `landed` is there once a caller waits for it."""

    __slots__ = ("began", "error", "landed", "landed_at", "value")

    def __init__(self, began: float) -> None:
        self.began = began
        self.landed: threading.Event | None = None
        self.landed_at = math.inf
        self.value: Value | None = None
        self.error: BaseException | None = None

    def is_shared(self, began: float, now: float) -> bool:
        """Return whether a caller that began then may share it now.

        The key shows a write since the flight began, but only for a limited time.
        """
        return self.landed_at > began and now - self.began <= LONGEST_FENCED_SECONDS


class SingleFlight(Generic[Value]):
    """Runs a call once per key at a time; callers that come meanwhile wait and share its value.

    The leader is a thread of the server, which goes on after its client disconnects, so that
    no disconnection ends a flight.

    Args:
        room: Bounds the callers that wait, of all flights together.
        clock: Monotonic seconds, the same as the callers'.
    """

    def __init__(self, room: WaitingRoom, *, clock: Callable[[], float]) -> None:
        self._room = room
        self._clock = clock
        self._lock = threading.Lock()
        self._flights: dict[Hashable, _Flight[Value]] = {}
        self._landed: deque[tuple[Hashable, _Flight[Value]]] = deque()

    def run(self, key: Hashable, began: float, call: Callable[[], Value]) -> tuple[Value, bool]:
        """Return the call's value, and whether this caller led.

        Args:
            key: Identifies the value.
            began: When the caller last saw that the value is missing; it does not share a
                flight that landed earlier, or that is so old that the token of a write
                since its start may have expired.
            call: Fetches the value.

        Raises:
            CacheUnavailableError: The leader found the cache gone.
            StoreUnavailableError: The leader took too long or failed otherwise, or too many
                wait.
            BaseException: For the leader, whatever the call raised.
        """
        with self._lock:
            flight = self._flights.get(key)
            now = self._clock()
            leads = flight is None or not flight.is_shared(began, now)
            if leads or flight is None:
                flight = self._flights[key] = _Flight(now)
            elif flight.landed is None and flight.landed_at == math.inf:
                flight.landed = threading.Event()
        return (self._lead(key, flight, call), True) if leads else (self._follow(flight), False)

    def _lead(self, key: Hashable, flight: _Flight[Value], call: Callable[[], Value]) -> Value:
        try:
            flight.value = call()
        except BaseException as error:
            flight.error = error
            raise
        else:
            return flight.value
        finally:
            self._land(key, flight)
            if flight.landed is not None:
                flight.landed.set()

    def _land(self, key: Hashable, flight: _Flight[Value]) -> None:
        with self._lock:
            flight.landed_at = self._clock()
            self._landed.append((key, flight))
            while self._landed[0][1].landed_at < flight.landed_at - REMEMBERED_SECONDS:
                old_key, old = self._landed.popleft()
                if self._flights.get(old_key) is old:
                    del self._flights[old_key]

    def _follow(self, flight: _Flight[Value]) -> Value:
        if flight.landed is not None and not flight.landed.is_set():
            self._wait(flight, flight.landed)
        if isinstance(flight.error, CacheUnavailableError):
            raise CacheUnavailableError(str(flight.error)) from flight.error
        if flight.error is not None:
            raise StoreUnavailableError(str(flight.error)) from flight.error
        return flight.value  # type: ignore[return-value]

    def _wait(self, flight: _Flight[Value], landed: threading.Event) -> None:
        with self._room.enter(self._clock() - flight.began) as longest_seconds:
            if not landed.wait(longest_seconds):
                raise StoreUnavailableError("the load under way takes too long")

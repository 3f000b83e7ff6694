"""One load for all who want the same thing in this process at the same time."""

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from service.domain.cache import LONGEST_FENCED_SECONDS, CacheUnavailableError
from service.domain.store import StoreUnavailableError
from service.guards.waiting_room import WaitingRoom

Value = TypeVar("Value")

# A caller may still share a flight that landed after the caller began: between its miss and
# its coming here, the load it missed may have ended. No caller takes longer than this for it.
REMEMBERED_SECONDS = 1.0


class _Flight(Generic[Value]):
    def __init__(self, began: float) -> None:
        self.began = began
        self.landed = threading.Event()
        self.landed_at = float("inf")
        self.value: Value | None = None
        self.error: BaseException | None = None

    def is_shared(self, began: float, now: float) -> bool:
        """Tell whether a caller may share it who began then and asks now.

        A write since the flight began shows in the key, but not for ever.
        """
        return self.landed_at > began and now - self.began <= LONGEST_FENCED_SECONDS


class SingleFlight(Generic[Value]):
    """Runs a call once per key at a time; whoever comes meanwhile waits and shares.

    The leader is a thread of the server, which goes on when its client has gone, so nobody's
    going away ends a flight.
    """

    def __init__(
        self, room: WaitingRoom, *, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        """Build it with no flight under way.

        Args:
            room: Bounds those who wait, of all flights together.
            clock: The seconds in which callers tell when they began.
        """
        self._room = room
        self._clock = clock
        self._lock = threading.Lock()
        self._flights: dict[Hashable, _Flight[Value]] = {}
        self._landed: deque[tuple[Hashable, _Flight[Value]]] = deque()

    def run(self, key: Hashable, began: float, call: Callable[[], Value]) -> tuple[Value, bool]:
        """Give the call's value, and whether this caller led.

        Args:
            key: What is wanted.
            began: When the caller last saw that it has to ask; flights that landed earlier
                are not shared, nor are those that took so long that a write in the midst
                may be forgotten.
            call: Gets it.

        Raises:
            CacheUnavailableError: The leader found the cache gone.
            StoreUnavailableError: The leader took too long or failed otherwise, or too many
                wait.
            BaseException: What the call raised, to the leader.
        """
        with self._lock:
            flight = self._flights.get(key)
            now = self._clock()
            leads = flight is None or not flight.is_shared(began, now)
            if leads or flight is None:
                flight = self._flights[key] = _Flight(now)
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
        if not flight.landed.is_set():
            self._wait(flight)
        if isinstance(flight.error, CacheUnavailableError):
            raise CacheUnavailableError(str(flight.error)) from flight.error
        if flight.error is not None:
            raise StoreUnavailableError(str(flight.error)) from flight.error
        return flight.value  # type: ignore[return-value]

    def _wait(self, flight: _Flight[Value]) -> None:
        with self._room.entered(self._clock() - flight.began) as longest_seconds:
            if not flight.landed.wait(longest_seconds):
                raise StoreUnavailableError("the load under way takes too long")

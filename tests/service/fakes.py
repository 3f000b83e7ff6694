"""Fakes of clock, cache, store and metrics; the cache passes the same contract as the real one."""

import json
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from service.domain.cache import (
    NO_ENTRY,
    CacheRead,
    CacheUnavailableError,
    FillOutcome,
    LeaseReply,
    LeaseState,
)
from service.domain.catalogue import generate_fruit
from service.domain.fruit import PoisonedValueError, from_value, parse_id, to_value
from service.domain.store import StoreUnavailableError


class FakeClock:
    """A clock that advances only when a test advances it."""

    def __init__(self, now: float = 1000.0):
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class RealClock:
    """A clock that runs by itself, for tests whose threads wait for one another."""

    def __call__(self) -> float:
        return time.monotonic()

    def advance(self, seconds: float) -> None:
        time.sleep(min(seconds, 0.001))


@dataclass
class RecordingObserver:
    """Counts the events reported to it, by event and label."""

    counts: Counter = field(default_factory=Counter)
    ages: list = field(default_factory=list)
    stale_ages: list = field(default_factory=list)
    knobs: list = field(default_factory=list)
    breakers: list = field(default_factory=list)
    reads: Counter = field(default_factory=Counter)
    pending: int = 0

    def lookup_ended(self, result, seconds, age_seconds):
        assert seconds >= 0
        self.counts["lookup", str(result)] += 1
        if age_seconds is not None:
            self.ages.append(age_seconds)

    def missed(self, reason):
        self.counts["missed", str(reason)] += 1

    def cache_op(self, op, seconds, found, missing):
        assert seconds >= 0
        self.counts["op", op] += 1
        self.key_reads(found, missing)

    def cache_error(self, op):
        self.counts["error", op] += 1

    def key_reads(self, found, missing):
        self.reads["found"] += found
        self.reads["missing"] += missing

    def fill_ended(self, outcome):
        self.counts["fill", str(outcome)] += 1

    def invalidation_ended(self, outcome):
        self.counts["invalidation", str(outcome)] += 1

    def store_query(self, op, outcome, seconds):
        assert seconds >= 0
        self.counts["query", op, outcome] += 1

    def shadow_read(self, outcome, age_seconds):
        self.counts["shadow", str(outcome)] += 1
        if str(outcome) != "equal":
            self.stale_ages.append(age_seconds)

    def store_in_flight(self, change):
        self.counts["in-flight"] += change

    def pending_invalidations(self, count):
        self.pending = count

    def failed(self, dependency, cause):
        self.counts["failed", dependency, cause] += 1

    def breaker_turned(self, dependency, is_open):
        self.breakers.append((dependency, is_open))

    def knobs_turned(self, knobs):
        self.knobs.append(knobs)

    def lookups(self) -> dict:
        return {key[1]: n for key, n in self.counts.items() if key[0] == "lookup"}


class InMemoryCache:
    """The behaviour of Redis in a dictionary, with an injected clock."""

    def __init__(self, clock: FakeClock, observer: RecordingObserver | None = None):
        self.clock = clock
        self.observer = observer or RecordingObserver()
        self.down = False
        self.full = False
        self._keys: dict[str, tuple[bytes, float]] = {}
        self._lock = threading.RLock()
        self._generations = 0

    def put(self, key: str, value: bytes, ms: float = float("inf")) -> None:
        self._keys[key] = (value, self.clock() + ms / 1000)

    def keys(self) -> list[str]:
        return sorted(key for key in list(self._keys) if self._get(key) is not None)

    def remaining_ms(self, key: str) -> int:
        if self._get(key) is None:
            return -2
        ends = self._keys[key][1]
        return -1 if ends == float("inf") else round((ends - self.clock()) * 1000)

    def read(self, fruit_id):
        self._answer()
        value, ms = self._get(f"fruit:{fruit_id}"), self.remaining_ms(f"fruit:{fruit_id}")
        return NO_ENTRY if value is None else self._decode(fruit_id, value, ms)

    def read_ended(self, fruit_id):
        with self._lock:
            read = self.read(fruit_id)
            if read.remaining_ms != -2:
                return read
            generation = self._generation(f"{{fruit:{fruit_id}}}:gen")
            return CacheRead(False, None, -2, generation)

    def generation(self, fruit_id, seen_ms):
        with self._lock:
            self._answer()
            key, ms = f"{{fruit:{fruit_id}}}:gen", self.remaining_ms(f"fruit:{fruit_id}")
            if seen_ms is not None and ms > seen_ms and self._get(key) is None:
                return "", self._decode(fruit_id, self._get(f"fruit:{fruit_id}"), ms)
            return self._generation(key), NO_ENTRY

    def fill(self, fruit_id, fruit, ttl_ms, claim):
        with self._lock:
            if self.down:
                return FillOutcome.FAILED
            lease = f"{{fruit:{fruit_id}}}:lease"
            outcome = self._judge(fruit_id, fruit, ttl_ms, claim)
            token = f"{{fruit:{fruit_id}}}:gen"
            ended = outcome not in {FillOutcome.FENCED, FillOutcome.FAILED}
            if ended and claim.generation != "*" and (self._get(token) or b"").startswith(b"+"):
                del self._keys[token]
            if claim.lease and self._lease(lease)[0] == claim.lease:
                del self._keys[lease]
                if outcome is FillOutcome.FAILED or (
                    ttl_ms < 500 and outcome is not FillOutcome.FENCED
                ):
                    self.put(lease, f"done:{to_value(fruit)}".encode(), 500)
            return outcome

    def acquire(self, fruit_id, claim, lease_ms, *, waited_for, refresh):
        with self._lock:
            self._answer()
            key, lease = f"fruit:{fruit_id}", f"{{fruit:{fruit_id}}}:lease"
            ms = self.remaining_ms(key)
            if ms > claim.seen_ms:
                read = self._decode(fruit_id, self._get(key), ms)
                return LeaseReply(LeaseState.ENTRY, "", read)
            holder, result = self._lease(lease)
            if result and waited_for and holder != waited_for:
                if result == b"failed:":
                    return LeaseReply(LeaseState.FAILED, "", NO_ENTRY)
                value = result.removeprefix(b"done:")
                return LeaseReply(LeaseState.DONE, "", self._decode(fruit_id, value, ms))
            if holder or (result and refresh):
                return LeaseReply(LeaseState.HELD, holder, NO_ENTRY)
            if self.full:
                return LeaseReply(LeaseState.REFUSED, "", NO_ENTRY)
            held = f"held:{claim.lease}".encode()
            self.put(lease, b":".join([held, result] if result else [held]), lease_ms)
            generation = claim.generation
            if generation != "*":
                generation = self._generation(f"{{fruit:{fruit_id}}}:gen")
            return LeaseReply(LeaseState.ACQUIRED, generation, NO_ENTRY)

    def release_failed(self, fruit_id, claim):
        lease = f"{{fruit:{fruit_id}}}:lease"
        with self._lock:
            if not self.down and self._lease(lease)[0] == claim.lease:
                self.put(lease, b"failed:", 500)

    def invalidate(self, fruit_id):
        with self._lock:
            self._answer()
            self._keys.pop(f"fruit:{fruit_id}", None)
            self._keys.pop(f"{{fruit:{fruit_id}}}:lease", None)
            self._generations += 1
            self.put(f"{{fruit:{fruit_id}}}:gen", f"{self._generations:x}".encode(), 30_000)

    def share_knobs(self, version, document, based_on):
        with self._lock:
            self._answer()
            carried = self._get("cacheaside:settings")
            there = 0
            if carried is not None:
                with suppress(ValueError, KeyError, TypeError):
                    there = json.loads(carried)["version"]
                    if type(there) not in {int, float} or not 0 < there < 2**52 or there % 1:
                        there = 0
            if version > there and (based_on is None or based_on >= there):
                if self.full:
                    raise CacheUnavailableError("the fake cache is full")
                carried = document.encode()
            if carried is not None:
                self.put("cacheaside:settings", carried, 10_000)
            return carried or b""

    def is_empty(self):
        self._answer()
        return not self.keys()

    def ping(self):
        return not self.down

    def problem(self):
        return "the fake cache is down" if self.down else None

    def clear(self):
        self._answer()
        gone = [
            key
            for key in self.keys()
            if parse_id(key.removeprefix("fruit:"))
            or parse_id(key.removeprefix("{fruit:").removesuffix("}:lease"))
        ]
        for key in gone:
            del self._keys[key]
        return len(gone)

    def _answer(self):
        if self.down:
            raise CacheUnavailableError("the fake cache is down")

    def _get(self, key):
        value, ends = self._keys.get(key, (None, 0.0))
        return value if value is not None and self.clock() < ends else None

    def _judge(self, fruit_id, fruit, ttl_ms, claim):
        """Write a loaded value, or say why not."""
        key, there = f"fruit:{fruit_id}", self._get(f"{{fruit:{fruit_id}}}:gen")
        newer = self.remaining_ms(key) > claim.seen_ms
        if claim.generation != "*":
            if there and claim.generation != f"{there.decode()}@fake":
                return FillOutcome.FENCED
            if not there and not newer:
                memory = not claim.generation.startswith("@")
                return FillOutcome.FENCED if memory else FillOutcome.FAILED
        if ttl_ms == 0:
            if not newer:
                self._keys.pop(key, None)
            return None
        if newer or self.full:
            return FillOutcome.REDUNDANT if newer else FillOutcome.FAILED
        self.put(key, to_value(fruit).encode(), ttl_ms)
        return FillOutcome.STORED

    def _generation(self, key):
        token = self._get(key) or b""
        if not token and not self.full:
            self._generations += 1
            token = f"+{self._generations:x}".encode()
        if token:
            self.put(key, token, 30_000)
        return f"{token.decode()}@fake"

    def _lease(self, key):
        """Return the holder of a lease, and the result that the last load left there."""
        text = self._get(key) or b""
        if not text.startswith(b"held:"):
            return "", text
        _, holder, result = [*text.split(b":", 2), b""][:3]
        return holder.decode(), result

    def _decode(self, fruit_id, value, ms):
        try:
            return CacheRead(True, from_value(value, fruit_id), max(ms, -1))
        except PoisonedValueError:
            self.observer.cache_error("decode")
            return CacheRead(False, None, ms)


class FakeStore:
    """Rows in a dictionary; clearing `holding` blocks loads between their read and their answer."""

    def __init__(self, *fruit):
        self.rows = {one.id: one for one in fruit}
        self.down = False
        self.loads = 0
        self.holding = threading.Event()
        self.holding.set()
        self.on_load = lambda: None
        self._lock = threading.Lock()

    def find(self, fruit_id, delay_seconds):
        del delay_seconds
        with self._lock:
            self.loads += 1
        if self.down:
            raise StoreUnavailableError("the fake store is down")
        row = self.rows.get(fruit_id)
        self.on_load()
        assert self.holding.wait(10)
        return row

    def read_again(self, fruit_id):
        if self.down:
            raise StoreUnavailableError("the fake store is down")
        return self.rows.get(fruit_id)

    def replace(self, fruit):
        self._answer()
        with self._lock:
            created = fruit.id not in self.rows
            self.rows[fruit.id] = fruit
        return created

    def delete(self, fruit_id):
        self._answer()
        return self.rows.pop(fruit_id, None) is not None

    def fill_catalogue(self, items):
        self._answer()
        missing = [fruit_id for fruit_id in range(1, items + 1) if fruit_id not in self.rows]
        self.rows |= {fruit_id: generate_fruit(fruit_id) for fruit_id in missing}
        return len(missing)

    def problem(self):
        return "the fake store is down" if self.down else None

    def _answer(self):
        if self.down:
            raise StoreUnavailableError("the fake store is down")


class Breaker:
    """A breaker that a test opens and closes by hand."""

    def __init__(self):
        self.is_open = False
        self.failures = 0
        self.successes = 0

    @property
    def answered_at(self):
        raise NotImplementedError

    @answered_at.setter
    def answered_at(self, now):
        del now
        self.successes += 1

    def failed(self, began):
        del began
        self.failures += 1

"""Listens to what Redis says of changed entries, for the near tier."""

import logging
import re
import select
import threading
import time
from collections.abc import Callable
from typing import Any

import hiredis
from redis.exceptions import InvalidResponse

from service.cache.connection import READ_BYTES, ClosedError, RedisConnection
from service.cache.near_tier import NearTier
from service.cache.wire import UNANSWERED

CHANNEL = "__redis__:invalidate"
PREFIX = "fruit:"
ENTRY = re.compile(rb"fruit:([1-9][0-9]{0,9})")
# Redis is asked so often whether it has said everything, and is trusted for so long after it was.
ASKED_EVERY_SECONDS = 0.1
TRUSTED_SECONDS = 0.5
AGAIN_AFTER_SECONDS = 0.5

log = logging.getLogger("service")


class NearListener:
    """Keeps the near tier as fresh as Redis reports, on a thread of its own.

    Two connections, because RESP2 has no room for reports beside replies: on one Redis tracks
    every key with our prefix, on the other it sends the reports. A PING on that one is answered
    after every report before it, so that its answer proves that nothing is missing.

    Args:
        make: Makes a connection of redis-py, which is not connected yet.
        tier: Told of every change.
        is_wanted: Returns whether the near tier is in use.
        clock: Monotonic seconds, the same as the tier's.
    """

    def __init__(
        self,
        make: Callable[[], RedisConnection],
        tier: NearTier,
        is_wanted: Callable[[], bool],
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._make = make
        self._tier = tier
        self._is_wanted = is_wanted
        self._clock = clock
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._problem = ""

    @property
    def state(self) -> str:
        """Whether the near tier is used, and why not, in words."""
        if not self._is_wanted():
            return "off"
        if self._tier.is_trusted:
            return "in use"
        return f"not in use: {self._problem or 'Redis has not reported to this process yet'}"

    def look(self) -> None:
        """Start listening if the near tier is wanted and nobody listens; a chore."""
        if not self._is_wanted() or (self._thread and self._thread.is_alive()):
            return
        thread = threading.Thread(target=self._run, name="near-listener", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # The next look tries again.
            if not self._problem:
                log.warning("no thread can be started for the near tier yet: %s", error)
            self._problem = f"no thread can be started: {error}"
            return
        self._thread, self._problem = thread, ""

    def stop(self) -> None:
        """Stop listening."""
        self._stopped.set()

    def _run(self) -> None:
        while self._is_wanted() and not self._stopped.is_set():
            tracking, listening = self._make(), self._make()
            try:
                self._listen(tracking, listening)
            except UNANSWERED as error:
                self._problem = f"Redis does not report changes: {error}"
                log.warning("the near tier is off: %s", self._problem)
            finally:
                self._tier.distrust()
                tracking.disconnect()
                listening.disconnect()
            self._stopped.wait(AGAIN_AFTER_SECONDS)

    def _listen(self, tracking: RedisConnection, listening: RedisConnection) -> None:
        """Follow the reports until the near tier is not wanted; raise when Redis is lost."""
        identity = _ask(listening, "CLIENT", "ID")
        listening.send_command("SUBSCRIBE", CHANNEL)
        _ask(tracking, "CLIENT", "TRACKING", "ON", "REDIRECT", identity, "BCAST", "PREFIX", PREFIX)
        reports, tracked = listening._get_socket(), tracking._get_socket()  # noqa: SLF001
        reader = hiredis.Reader(protocolError=InvalidResponse)
        waiting = select.poll()
        for connected in (reports, tracked):
            waiting.register(connected, select.POLLIN)
        asked_at = -1.0
        while self._is_wanted() and not self._stopped.is_set():
            if self._clock() >= asked_at + ASKED_EVERY_SECONDS:
                asked_at = self._clock()
                listening.send_command("PING", repr(asked_at))
                tracking.send_command("PING", check_health=False)
            for descriptor, _ in waiting.poll(ASKED_EVERY_SECONDS * 1000):
                source = reports if descriptor == reports.fileno() else tracked
                received = source.recv(READ_BYTES)
                if not received:
                    raise ClosedError("it closed the connection")
                if source is reports:
                    reader.feed(received)
            while (report := reader.gets()) is not False:
                self._take(report)

    def _take(self, report: Any) -> None:  # noqa: ANN401 - what Redis sent
        match report:
            case [b"message", _, None]:  # As after FLUSHALL.
                self._tier.drop_all()
            case [b"message", _, [*keys]]:
                found = (ENTRY.fullmatch(key) for key in keys)
                self._tier.drop_all([int(entry[1]) for entry in found if entry])
            case [b"pong", asked_at] if asked_at:
                self._tier.trust(float(asked_at), TRUSTED_SECONDS)


def _ask(connection: RedisConnection, *command: object) -> object:
    connection.connect()
    connection.send_command(*command)
    return connection.read_response()

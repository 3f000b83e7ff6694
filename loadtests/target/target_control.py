"""A target in place of the control API: asked nothing but whether it can be reached."""

import contextlib
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Self

from loadtests.service_under_test.client import ServiceError
from loadtests.service_under_test.conditions import ServiceConditions, parse_conditions
from loadtests.service_under_test.contract import Knob
from loadtests.service_under_test.counters import Counts, RedisCounters, ServiceCounters
from loadtests.target.key_source import TargetError
from loadtests.target.own_service import Endpoint, Target
from loadtests.target.side_requests import read_counters
from loadtests.target.tls_context import tls_context, why_not_reached

_CONNECT_SECONDS = 5.0


class TargetControl:
    """Answers as `ServiceClient` does, from what was told of a target; a context manager.

    Args:
        target: The target.
        knobs: What was told of it: its TTL, if that is known.
        set_ttl: Sets its TTL; None if it stays as it is.
        key_reads: Reads how often its Redis found a key and did not; None if that is not told.
    """

    processes = 1

    def __init__(
        self,
        target: Target,
        knobs: Mapping[str, Knob] | None = None,
        set_ttl: Callable[[float], None] | None = None,
        key_reads: Callable[[], RedisCounters] | None = None,
    ) -> None:
        self.target = target
        self._knobs: dict[str, Knob] = dict(knobs or {})
        self._set_ttl = set_ttl
        self._redis_reads = key_reads

    def __enter__(self) -> Self:
        """Return this object."""
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing: no connection is kept."""

    def close(self) -> None:
        """Do nothing: no connection is kept."""

    def check(self) -> None:
        """Check that every server of the target takes a connection, without a request.

        Its page of counters, if one is named, is read.

        Raises:
            ServiceError: One does not, or the page cannot be read.
        """
        for endpoint in {each.origin: each for each in self.target.endpoints}.values():
            try:
                self._connect(endpoint)
            except (OSError, TargetError) as error:
                raise ServiceError(
                    f"target {endpoint.origin} cannot be reached: {why_not_reached(error)}; start"
                    " it or correct --target-url"
                ) from None
        self.key_reads()

    def knobs(self) -> dict[str, Knob]:
        """Return what was told: the TTL, if that is known."""
        return dict(self._knobs)

    def set_knobs(self, knobs: Mapping[str, Knob]) -> dict[str, Knob]:
        """Note the TTL, and set it in the target if there is a way to; return what is known.

        Raises:
            ServiceError: The TTL cannot be set.
        """
        if knobs.items() <= self._knobs.items():
            return self.knobs()
        if self._set_ttl is not None and set(knobs) == {"ttl_seconds"}:
            self._set_ttl(float(knobs["ttl_seconds"]))
        else:
            raise ServiceError(
                "a target has no knobs that can be changed here, got"
                f" {', '.join(f'{name} {value}' for name, value in knobs.items())}; tell its TTL at"
                " start, or turn it in a sweep with --set-ttl"
            )
        self._knobs |= knobs
        return self.knobs()

    def clear_cache(self) -> None:
        """Do nothing: a target's cache stays as it is."""

    def fill_catalogue(self, items: int) -> None:
        """Do nothing: a target has the keys that it has."""
        del items

    def probe_fill_seconds(self, ids: Sequence[int], count: int) -> float | None:
        """Return 0: loads of a target are taken for instant, as no request of a probe is sent."""
        del ids, count
        return 0.0

    def counters(self) -> ServiceCounters:
        """Return what the target or its Redis counts, if that is told: nothing else is known.

        Raises:
            ServiceError: It cannot be read.
        """
        reads = self.key_reads()
        if self.target.counters is None and self._redis_reads is not None:
            read = self._redis_reads()
            reads = {"true": read.keyspace_hits, "false": read.keyspace_misses}
        return ServiceCounters({}, {}, reads)

    def key_reads(self) -> Counts:
        """Return what the target's own counters say; empty if it has none.

        Raises:
            ServiceError: Their page cannot be read.
        """
        counters = self.target.counters
        return read_counters(counters, self.target.tls) if counters else {}

    def conditions(self) -> ServiceConditions:
        """Return what is known of the target's conditions: its TTL."""
        return parse_conditions([], self.knobs(), None)

    def _connect(self, endpoint: Endpoint) -> None:
        address = (endpoint.host, endpoint.port)
        with contextlib.ExitStack() as stack:
            plain = stack.enter_context(socket.create_connection(address, _CONNECT_SECONDS))
            if endpoint.origin.startswith("https"):
                context = tls_context(self.target.tls)
                stack.enter_context(context.wrap_socket(plain, server_hostname=endpoint.host))

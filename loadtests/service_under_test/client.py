"""The one client of the service's control API, its counters and its fill time."""

import http.client
import json
import re
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Self, TypeVar

from loadtests.service_under_test.conditions import (
    CONDITION_METRICS,
    ServiceConditions,
    parse_conditions,
)
from loadtests.service_under_test.connections import Connections
from loadtests.service_under_test.contract import Knob, are_knobs
from loadtests.service_under_test.control_token import bearer_header
from loadtests.service_under_test.counters import SERVICE_METRICS, ServiceCounters, parse_counters

PROBES_LEFT_OUT = 3
"""The first probes are slow because they open connections."""

_FILL_TIMEOUT_SECONDS = 600.0
_KNOBS_REACH_ALL_SECONDS = 3.0  # The service promises 1 s.
_POLL_SECONDS = 0.05
_DURATION = re.compile(r"(\w+);dur=([0-9.]+)")
_CATALOGUE = "/control/catalogue"
_SETTINGS = "/control/settings"
_COUNTERS = "/metrics?" + "&".join(f"name[]={name}" for name in SERVICE_METRICS.values())
_CONDITIONS = "/metrics?" + "&".join(f"name[]={name}" for name in CONDITION_METRICS)
_Read = TypeVar("_Read")


class ServiceError(Exception):
    """The service cannot be used as it is; the message is for the user."""


class ServiceClient:
    """Talks to all replicas of one service on kept connections; a context manager.

    Replicas share knobs, cache and catalogue, so control goes to the first one. A client is not
    for use by several threads or greenlets at once.

    Args:
        urls: One for each replica; counters are summed over them.
        token: Sent as bearer token; None where the service asks for none.
        timeout_seconds: Longest wait for an answer.
    """

    def __init__(
        self, urls: Sequence[str], token: str | None = None, timeout_seconds: float = 10.0
    ) -> None:
        self._urls = [url.rstrip("/") for url in urls]
        self._timeout_seconds = timeout_seconds
        self._has_token = token is not None
        self._connections = Connections(
            {"Content-Type": "application/json", **bearer_header(token)}
        )

    def __enter__(self) -> Self:
        """Return this client."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()

    @property
    def processes(self) -> int:
        """The service's processes: each replica is one."""
        return len(self._urls)

    def knobs(self) -> dict[str, Knob]:
        """Return the knobs in force at the first replica.

        Raises:
            ServiceError: It cannot be reached or refuses the token.
        """
        return self._knobs("GET", self._urls[0])

    def check(self) -> None:
        """Check that every replica answers and accepts the token.

        Raises:
            ServiceError: A replica does not.
        """
        for url in self._urls:
            self._knobs("GET", url)

    def set_knobs(self, knobs: Mapping[str, Knob]) -> dict[str, Knob]:
        """Set *knobs*, wait until every replica has them, and return all knobs in force.

        Raises:
            ServiceError: The service refuses a knob, or a replica does not take it over.
        """
        in_force = self._knobs("PATCH", self._urls[0], knobs)
        deadline = time.monotonic() + _KNOBS_REACH_ALL_SECONDS
        for url in self._urls:
            while not knobs.items() <= self._knobs("GET", url).items():
                if time.monotonic() > deadline:
                    raise ServiceError(
                        f"service {url} did not take over the knobs {dict(knobs)} within"
                        f" {_KNOBS_REACH_ALL_SECONDS:g} s; make sure that all service URLs are"
                        " replicas of one service, on one Redis"
                    )
                time.sleep(_POLL_SECONDS)
        return in_force

    def clear_cache(self) -> None:
        """Delete the service's own keys.

        Raises:
            ServiceError: The service could not delete them.
        """
        self._control("DELETE", self._urls[0], "/control/cache")

    def fill_catalogue(self, items: int) -> None:
        """Make the ids 1 to *items* exist.

        Raises:
            ServiceError: The service could not make them.
        """
        self._control("PUT", self._urls[0], _CATALOGUE, {"items": items})

    def counters(self) -> ServiceCounters:
        """Return the exact counters of this moment, summed over all replicas.

        Raises:
            ServiceError: A replica does not return them.
        """
        return self._read_metrics(_COUNTERS, parse_counters)

    def conditions(self) -> ServiceConditions:
        """Return the knobs in force, and what else should not change while it is measured.

        Raises:
            ServiceError: A replica does not return them.
        """
        settings = self._control("GET", self._urls[0], _SETTINGS)
        return self._read_metrics(
            _CONDITIONS,
            lambda pages: parse_conditions(
                pages, settings.get("settings", {}), settings.get("version")
            ),
        )

    def probe_fill_seconds(self, ids: Sequence[int], count: int) -> float | None:
        """Return the median fill time of misses, provoked by lookups of uncached ids.

        The median, although theory asks for the mean: a single load that meets a pause of the
        machine would move the mean further than all others differ.

        Args:
            ids: Ids to look up; the cache is cleared and they are looked up again as often as
                needed.
            count: The least number of misses.

        Returns:
            Seconds; None when too few answers were misses that carry their times.
        """
        fills: list[float] = []
        while found := [fill for fill in map(self._fill_seconds, ids) if fill is not None]:
            fills += found
            if len(fills) >= count:
                break
            self.clear_cache()
        return statistics.median(fills[PROBES_LEFT_OUT:]) if len(fills) > PROBES_LEFT_OUT else None

    def _read_metrics(self, path: str, parse: Callable[[Sequence[str]], _Read]) -> _Read:
        pages = [self._request("GET", url, path) for url in self._urls]
        try:
            return parse([page.decode() for page in pages])
        except ValueError as error:
            raise ServiceError(
                f"/metrics of {', '.join(self._urls)} is not Prometheus text: {error};"
                " check the URLs"
            ) from None

    def _fill_seconds(self, item: int) -> float | None:
        response, _ = self._send("GET", self._urls[0], f"/fruit/{item}")
        durations = dict(_DURATION.findall(response.headers.get("Server-Timing", "")))
        if response.headers.get("X-Cache") != "MISS" or "store" not in durations:
            return None
        return sum(float(milliseconds) for milliseconds in durations.values()) / 1000

    def _knobs(
        self, method: str, url: str, knobs: Mapping[str, Knob] | None = None
    ) -> dict[str, Knob]:
        settings = self._control(method, url, _SETTINGS, knobs).get("settings")
        if not are_knobs(settings):
            raise ServiceError(f"{url} has no settings as the service does; check the URL")
        return settings

    def _control(
        self, method: str, url: str, path: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        try:
            answer = json.loads(self._request(method, url, path, body))
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise ServiceError(
                f"{url} did not answer {method} {path} as the service does; check the URL"
            )
        return answer

    def _request(
        self, method: str, url: str, path: str, body: Mapping[str, Any] | None = None
    ) -> bytes:
        response, raw = self._send(method, url, path, body)
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise ServiceError(self._refusal(url, f"{method} {path}", response.status, raw))
        return raw

    def _send(
        self, method: str, url: str, path: str, body: Mapping[str, Any] | None = None
    ) -> tuple[http.client.HTTPResponse, bytes]:
        filling = path == _CATALOGUE
        timeout_seconds = _FILL_TIMEOUT_SECONDS if filling else self._timeout_seconds
        content = None if body is None else json.dumps(body)
        try:
            return self._connections.send(method, url, path, content, timeout_seconds)
        except (OSError, http.client.HTTPException) as error:
            raise ServiceError(
                f"service {url} cannot be reached: {error}; start it or give another --service-url"
            ) from None

    def _refusal(self, url: str, request: str, status: int, raw: bytes) -> str:
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            if self._has_token:
                return (
                    f"service {url} refused our control token;"
                    " set CONTROL_TOKEN in the environment to the service's"
                )
            return (
                f"service {url} asks for a control token, and we sent none; set CONTROL_TOKEN in"
                " the environment to the service's, and start again with --service-url"
                f" {url}: the token is sent only to addresses given at start"
            )
        try:
            sentence = json.loads(raw)["error"]
        except (ValueError, KeyError, TypeError, RecursionError):
            sentence = f"status {status}; is this the service?"
        return f"service {url} refused {request}: {sentence}"

"""The service as a trial sees it: its knobs, its cache emptied, its exact counters."""

import http.client
import re
import statistics
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from loadtests.service_under_test.control import ServiceClient, ServiceError
from loadtests.service_under_test.counters import READ_METRICS, ServiceCounters, parse_counters

TIMEOUT_SECONDS = 30.0
KNOBS_REACH_ALL_SECONDS = 3.0  # the service promises 1 s
PROBES_LEFT_OUT = 3  # they open connections

_DURATION = re.compile(r"(\w+);dur=([0-9.]+)")


class ServiceUnderTest:
    """All processes of one service, on connections that are kept for quick readings.

    Args:
        urls: One for each process; control goes to the first, counters are summed.
        token: For control from beyond loopback; None where none is set.
    """

    def __init__(self, urls: Sequence[str], token: str | None = None) -> None:
        self._urls = [url.rstrip("/") for url in urls]
        self._token = token
        self._control = ServiceClient(tuple(self._urls), token)
        self._each = [ServiceClient((url,), token) for url in self._urls]
        self._connections: dict[str, http.client.HTTPConnection] = {}

    def set_knobs(self, knobs: Mapping[str, float | str]) -> None:
        """Set knobs and wait until every process has them.

        Raises:
            ServiceError: The service refuses one, or a process does not follow.
        """
        self._control.change(knobs)
        deadline = time.monotonic() + KNOBS_REACH_ALL_SECONDS
        for client, url in zip(self._each, self._urls, strict=True):
            while not knobs.items() <= client.settings().items():
                if time.monotonic() > deadline:
                    raise ServiceError(f"{url} has not taken the knobs {dict(knobs)}; is it alive?")
                time.sleep(0.05)

    def knobs(self) -> dict[str, Any]:
        """Return every knob as the first process has it."""
        return self._control.settings()

    def fill_catalogue(self, items: int) -> None:
        """Make ids 1 to `items` exist."""
        self._control.fill_catalogue(items)

    def clear_cache(self) -> None:
        """Delete the service's own keys."""
        response, text = self._ask("DELETE", self._urls[0], "/control/cache")
        if response.status != http.HTTPStatus.OK:
            raise ServiceError(f"{self._urls[0]} did not empty its cache: {text.strip()[:200]}")

    def counters(self) -> ServiceCounters:
        """Read the exact counters now, summed over all processes."""
        query = "&".join(f"name[]={name}" for name in READ_METRICS)
        return parse_counters(self._ask("GET", url, f"/metrics?{query}")[1] for url in self._urls)

    def probe_fill_seconds(self, ids: Sequence[int], count: int) -> float | None:
        """Look ids up that are not cached; return the median fill time of the misses.

        The median, though theory asks for the mean: one load among twenty that meets a pause
        of the machine would move the mean further than all others differ.

        Args:
            ids: Where they are few, they are asked for again from an emptied cache.
            count: Of misses, at least.

        Returns:
            Seconds; None when too few answers were misses that tell their times.
        """
        fills: list[float] = []
        while found := [fill for fill in map(self._fill_seconds, ids) if fill is not None]:
            fills += found
            if len(fills) >= count:
                break
            self.clear_cache()
        return statistics.median(fills[PROBES_LEFT_OUT:]) if len(fills) > PROBES_LEFT_OUT else None

    def close(self) -> None:
        """Close the connections."""
        for connection in self._connections.values():
            connection.close()

    def _fill_seconds(self, item: int) -> float | None:
        response, _ = self._ask("GET", self._urls[0], f"/fruit/{item}")
        durations = dict(_DURATION.findall(response.headers.get("Server-Timing", "")))
        if response.headers.get("X-Cache") != "MISS" or "store" not in durations:
            return None
        return sum(float(milliseconds) for milliseconds in durations.values()) / 1000

    def _ask(self, method: str, url: str, path: str) -> tuple[http.client.HTTPResponse, str]:
        """Ask on the kept connection, once anew where that has been closed meanwhile."""
        kept = url in self._connections
        try:
            return self._exchange(method, url, path)
        except (OSError, http.client.HTTPException) as error:
            self._connections.pop(url).close()
            if kept:
                return self._ask(method, url, path)
            raise ServiceError(
                f"service {url} does not answer {method} {path}: {error}; is it running?"
            ) from None

    def _exchange(self, method: str, url: str, path: str) -> tuple[http.client.HTTPResponse, str]:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        connection = self._connection(url)
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return response, response.read().decode()

    def _connection(self, url: str) -> http.client.HTTPConnection:
        if url not in self._connections:
            parts = urlsplit(url)
            secure = parts.scheme == "https"
            kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
            self._connections[url] = kind(parts.netloc, timeout=TIMEOUT_SECONDS)
        return self._connections[url]

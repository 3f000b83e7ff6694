"""Asks every process of a service whether all is well: readiness, hits, fills, invalidations."""

import http.client
import json
from collections.abc import Iterator, Sequence
from http import HTTPStatus

from loadtests.service_under_test.connections import Connections
from loadtests.service_under_test.control_token import bearer_header

_TIMEOUT_SECONDS = 5.0
_SERVED = {"HIT", "NEAR", "STALE"}


class RecoveryProbe:
    """A client beside the traffic, with ids of its own.

    Args:
        urls: The processes of the service.
        token: For the write; None where the service asks for none.
        kept: An id that is looked up every time, so that it is cached when all is well.
        written: An id that is written every time.
        cold: Ids that are not cached, one for each look at a process.
    """

    def __init__(
        self, urls: Sequence[str], token: str | None, kept: int, written: int, cold: Iterator[int]
    ) -> None:
        self._connections = Connections(
            {"Content-Type": "application/json", **bearer_header(token)}
        )
        self._urls, self._kept, self._written, self._cold = urls, kept, written, cold

    def is_well(self) -> bool:
        """Return whether every process is ready, hits, fills and invalidates."""
        # Each process is asked, also after one that is not well: some mend only when asked.
        answers = [self._is_well_at(url) for url in self._urls]
        return all(answers)

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()

    def _is_well_at(self, url: str) -> bool:
        try:
            status, _ = self._ask(url, "GET", "/readyz")
            _, hit = self._ask(url, "GET", f"/fruit/{self._kept}")
            _, filled = self._ask(url, "GET", f"/fruit/{next(self._cold)}")
            row = json.dumps({"name": "probe", "quantity": 1})
            _, written = self._ask(url, "PUT", f"/fruit/{self._written}", row)
        except (OSError, http.client.HTTPException):
            return False
        return (
            status == HTTPStatus.OK
            and hit.get("X-Cache") in _SERVED
            and filled.get("Cache-Status", "").endswith("stored")
            and written.get("Cache-Status", "").endswith("invalidated")
        )

    def _ask(
        self, url: str, method: str, path: str, body: str | None = None
    ) -> tuple[int, http.client.HTTPMessage]:
        response, _ = self._connections.send(method, url, path, body, _TIMEOUT_SECONDS)
        return response.status, response.headers

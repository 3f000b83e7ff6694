"""Service processes for a test, and the requests that tests send to them."""

import http.client
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from loadtests.stack.guardian import Guardian
from loadtests.stack.service_server import ServiceServer, start_services

seen_results: defaultdict[str, list[str]] = defaultdict(list)
"""The results that clients saw, by service; a test adds those of lookups sent by other means."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; `json` is None when the body is empty."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self):
        return json.loads(self.body) if self.body else None

    @property
    def result(self) -> str:
        return (self.headers["X-Cache"] or "").lower()


def request(url: str, method: str, path: str, body: object = None, **headers: str) -> Answer:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    data = None if body is None else json.dumps(body).encode()
    if data is not None:
        headers["Content-Type"] = "application/json"
    connection.request(method, path, data, headers)
    response = connection.getresponse()
    answer = Answer(response.status, response.headers, response.read())
    connection.close()
    return answer


def look_up(url: str, fruit_id: int) -> Answer:
    answer = request(url, "GET", f"/fruit/{fruit_id}")
    seen_results[url].append(answer.result)
    return answer


def patch(url: str, **knobs: object) -> Answer:
    answer = request(url, "PATCH", "/control/settings", knobs)
    assert answer.status == 200, answer.body
    return answer


def clear(url: str) -> Answer:
    return request(url, "DELETE", "/control/cache")


def samples(*urls: str) -> Counter:
    """Return all samples of all processes, summed by name and labels."""
    total: Counter = Counter()
    for url in urls:
        for line in request(url, "GET", "/metrics").body.decode().splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                total[name] += float(value)
    return total


def results(*urls: str) -> dict[str, float]:
    """Return the lookups of all processes by result, without zeros."""
    found = samples(*urls)
    return {
        name.split('"')[1]: value
        for name, value in found.items()
        if name.startswith("cacheaside_lookups_total{") and value
    }


@contextmanager
def running(
    guardian: Guardian, redis_url: str, database_url: str, count: int = 1, **settings: str
) -> Iterator[list[ServiceServer]]:
    """Run service processes; those alive at the block's end must have counted every lookup."""
    environment = {"REDIS_URL": redis_url, "DATABASE_URL": database_url, **settings}
    servers = start_services(guardian, count, environment)
    for server in servers:
        seen_results.pop(server.url, None)
    try:
        yield servers
        for server in servers:
            if server.process.exit_code() is None:
                assert results(server.url) == dict(Counter(seen_results[server.url]))
    finally:
        for server in servers:
            server.stop()

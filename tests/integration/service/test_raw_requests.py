"""Raw bytes at the port of the service, drawn from a fixed seed: no 500, and it serves on."""

import random
import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.drills.drill_report import print_figure
from tests.integration.service.service_processes import request, running

pytestmark = pytest.mark.integration

SEED = 20_261_127
METHODS = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "POST", "OPTIONS", "TRACE", "get", "\0", ""]
PATHS = [
    *("/", "/fruit/1", "/fruit/0", "/fruit/01", "/fruit/2147483648", "/fruit/%00", "/fruit/%ff"),
    *("/fruit/\u0661", "/fruit/1?x=%", "//fruit/1", "/fruit/../1", "/livez", "/metrics?name[]=%ff"),
    *("/control/settings", "/control/cache", "/control/catalogue", "*", "http://x/fruit/1", ""),
]
HEADERS = [
    *("Host: 127.0.0.1", "Host: ", "Host: [::1", "Host: \xff", "Content-Type: application/json"),
    *("Content-Length: 5", "Content-Length: -1", "Content-Length: 99999999999999999999"),
    *("Transfer-Encoding: chunked", "Expect: 100-continue", "Authorization: Bearer \xe9"),
    *("Origin: null", "X-Forwarded-For: 1", "Sec-Fetch-Site: cross-site", "Connection: close"),
    *(": empty", "No colon", "A" * 9000 + ": 1", "Cookie: " + "x" * 5000),
]
BODIES = [
    *("", "{}", "[]", '{"name": "a", "quantity": 1}', '{"name": "\\ud800", "quantity": 1}'),
    *('{"ttl_seconds": 1e999}', '{"items": 1e3}', "[" * 9000, "\0" * 40, "5\r\nhello\r\n0\r\n\r\n"),
    *('{"name": 1, "name": 2}', '{"quantity": NaN}', "x" * 20_000),
]


def draw_request(draw):
    """Return the bytes of one request; a third of them have random bytes in random places."""
    lines = [f"{draw.choice(METHODS)} {draw.choice(PATHS)} HTTP/{draw.choice(['1.1', '1.0', '9'])}"]
    lines += draw.choices(HEADERS, k=draw.randrange(6))
    raw = bytearray(("\r\n".join([*lines, "", ""]) + draw.choice(BODIES)).encode("utf-8"))
    if draw.random() < 1 / 3:
        for _ in range(draw.randrange(1, 8)):
            raw[draw.randrange(len(raw))] = draw.randrange(256)
    return bytes(raw[: draw.randrange(1, len(raw) + 1)] if draw.random() < 0.1 else raw)


def send(port, raw):
    """Return the status of the first answer; "none" when the connection ended without one."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            words = connection.recv(64).split()
    except TimeoutError:
        return "time-out"
    except OSError:
        return "none"
    return words[1].decode() if len(words) > 1 and words[0].startswith(b"HTTP/") else "none"


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(2000, id="two-thousand"),
        pytest.param(50_000, id="fifty-thousand", marks=pytest.mark.accept),
    ],
)
def test_no_bytes_make_the_service_fail(guardian, fresh_redis, tmp_path, count):
    draw = random.Random(SEED)
    requests = [draw_request(draw) for _ in range(count)]
    with running(guardian, fresh_redis.url, f"sqlite:///{tmp_path}/fruit.db") as (server,):
        with ThreadPoolExecutor(8) as pool:
            statuses = Counter(pool.map(lambda raw: send(server.port, raw), requests))
        alive = request(server.url, "GET", "/livez")
        server.stop()  # Its lookups were not counted here.

    print_figure(f"{count} raw requests, seed {SEED}: {dict(statuses.most_common())}")
    assert alive.status == 200
    assert {status for status in statuses if status >= "5" and status[0].isdigit()} == set()
    assert statuses["time-out"] == 0
    assert {"200", "400", "404"} <= set(statuses)

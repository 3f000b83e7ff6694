"""A stand-in for the service: same HTTP contract, a TTL cache in memory, one process.

Run as a program: `python stub_service.py PORT [DELAY_SECONDS]`; SIGSTOP freezes all of it.
"""

import json
import re
import socket
import sys
import time
from collections import Counter

from gevent import monkey

monkey.patch_all()

import gevent  # noqa: E402 - after the patch
from gevent.pywsgi import WSGIServer  # noqa: E402 - after the patch

FRUIT = re.compile(r"^/fruit/([1-9][0-9]{0,9})$")


class Stub:
    """A single-flight cache-aside over a dictionary."""

    def __init__(self, delay_seconds: float, token: str | None) -> None:
        self.token = token
        self.settings = {
            "ttl_seconds": 60.0,
            "ttl_jitter_ratio": 0.0,
            "negative_ttl_seconds": 5.0,
            "protection": "single-flight",
            "early_beta": 1.0,
            "stale_seconds": 30.0,
            "invalidation": "delete",
            "fencing": "on",
            "store_delay_seconds": delay_seconds,
        }
        self.version = 0
        self.items = 3
        self.rows = {}
        self.entries = {}
        self.flights = {}
        self.lookups = Counter()
        self.queries = 0

    def __call__(self, environ, start_response):
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        body = environ["wsgi.input"].read()
        if match := FRUIT.match(path):
            status, headers, answer = self.fruit(method, int(match[1]), body, environ)
        else:
            status, headers, answer = self.other(method, path, body, environ)
        raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        start_response(status, [*headers, ("Content-Length", str(len(raw)))])
        return [raw]

    def fruit(self, method, key, body, environ):
        if method == "PUT":
            if not self.allowed(environ):
                return "401 Unauthorized", [], {"error": "token"}
            gevent.sleep(self.settings["store_delay_seconds"])
            self.rows[key] = json.loads(body)["quantity"]
            if self.settings["invalidation"] == "delete":
                self.entries.pop(key, None)
            return "200 OK", [], {"data": {"id": key}}
        word, quantity = self.look_up(key)
        self.lookups[word.lower()] += 1
        headers = [("X-Cache", word), ("Content-Type", "application/json")]
        if quantity is None:
            return "404 Not Found", headers, {"error": "no such fruit"}
        data = {"id": key, "name": "fruit", "quantity": quantity}
        return "200 OK", headers, {"data": data, "from_cache": word in ("HIT", "STALE")}

    def look_up(self, key):
        entry = self.entries.get(key)
        if entry is not None and entry[0] > time.monotonic():
            return ("HIT" if entry[1] is not None else "NEGATIVE"), entry[1]
        if key in self.flights:
            return "COALESCED", self.flights[key].get()
        self.flights[key] = flight = gevent.event.AsyncResult()
        self.queries += 1
        quantity = self.rows.get(key, 100) if key <= self.items else None
        gevent.sleep(self.settings["store_delay_seconds"])
        ttl = self.settings["ttl_seconds" if quantity is not None else "negative_ttl_seconds"]
        self.entries[key] = (time.monotonic() + ttl, quantity)
        del self.flights[key]
        flight.set(quantity)
        return "MISS", quantity

    def allowed(self, environ):
        return self.token is None or environ.get("HTTP_AUTHORIZATION") == f"Bearer {self.token}"

    def other(self, method, path, body, environ):
        if path == "/metrics":
            lines = [
                f'cacheaside_lookups_total{{result="{k}"}} {v}' for k, v in self.lookups.items()
            ]
            lines.append(f'cacheaside_store_queries_total{{op="load",outcome="ok"}} {self.queries}')
            return "200 OK", [], "\n".join([*lines, ""]).encode()
        if path == "/quit":
            sys.exit()
        if not self.allowed(environ):
            return "401 Unauthorized", [], {"error": "the token is wrong"}
        if path == "/control/catalogue" and method == "PUT":
            self.items = max(self.items, json.loads(body)["items"])
            return "200 OK", [], {"items": self.items}
        if path == "/control/cache" and method == "DELETE":
            deleted = len(self.entries)
            self.entries.clear()
            return "200 OK", [], {"deleted": deleted}
        if path == "/control/settings":
            if method == "PATCH":
                self.settings.update(json.loads(body))
                self.version += 1
            return "200 OK", [], {"version": self.version, "settings": self.settings}
        return "404 Not Found", [], {"error": "no such page"}


class PromptServer(WSGIServer):
    """Sends head and body at once: gevent writes them apart, and TCP would wait 40 ms between."""

    def handle(self, sock, address):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().handle(sock, address)


if __name__ == "__main__":
    import os

    delay = float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
    stub = Stub(delay, os.environ.get("CONTROL_TOKEN"))
    PromptServer(("127.0.0.1", int(sys.argv[1])), stub, log=None, backlog=4096).serve_forever()

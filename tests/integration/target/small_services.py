"""Services that are not ours in style: other paths, other words, no control API, other metrics."""

import collections
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote


class SmallService(ThreadingHTTPServer):
    """Serves until its block ends; `asked` holds every request line that came."""

    daemon_threads = True

    def __init__(self, handler, ttl_seconds=2.0, load_seconds=0.0):
        super().__init__(("127.0.0.1", 0), handler)
        self.ttl_seconds = ttl_seconds
        self.ttl_file = None
        self.load_seconds = load_seconds
        self.asked = []
        self.headers = []
        self.counts = collections.Counter()
        self.entries = {}
        self.lock = threading.Lock()

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def reads(self, *found, kind=None):
        """Return how many lookups of `CountingApi` ended as named, of one kind or of all."""
        with self.lock:
            return sum(
                count
                for (of_kind, _, was_found), count in self.counts.items()
                if was_found in found and kind in {None, of_kind}
            )

    def find(self, key):
        """Return whether a key was cached; it is afterwards."""
        now = time.monotonic()
        if self.ttl_file and self.ttl_file.exists():
            self.ttl_seconds = float(self.ttl_file.read_text() or self.ttl_seconds)
        with self.lock:
            found = self.entries.get(key, 0.0) > now
            if not found:
                self.entries[key] = now + self.ttl_seconds
        if not found:
            time.sleep(self.load_seconds)
        return found


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        """Say nothing."""

    def note(self):
        self.server.asked.append(f"{self.command} {self.path}")
        self.server.headers.append(dict(self.headers))

    def answer(self, status, body, headers=()):
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in (*headers, ("Content-Length", str(len(content)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


class ProductApi(_Handler):
    """A product API behind a cache that says CF-Cache-Status."""

    def do_GET(self):
        self.note()
        if not self.path.startswith("/api/v2/products/"):
            self.answer(404, {"title": "Not Found"})
            return
        key = self.path.rpartition("/")[2]
        status = "HIT" if self.server.find(key) else "MISS"
        self.answer(200, {"sku": key}, [("CF-Cache-Status", status)])


class SilentApi(_Handler):
    """An API that takes its key in a POST and says nothing of a cache."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.note()
        self.server.find(body["isbn"])
        self.answer(200, {"title": body["isbn"]})


class Redirecting(_Handler):
    """Sends every request elsewhere."""

    def do_GET(self):
        self.note()
        self.answer(302, {}, [("Location", self.server.elsewhere)])


class RedisApi(_Handler):
    """An API that keeps its entries in Redis and says nothing of it."""

    def do_GET(self):
        self.note()
        redis, key = self.server.redis, f"page:{self.path}"
        if redis.get(key) is None:
            redis.set(key, "{}", px=round(self.server.ttl_seconds * 1000))
        self.answer(200, {})


class CountingApi(_Handler):
    """An API at a path that wants a login, says nothing in a search, and counts for itself.

    It counts its lookups in `counts`, by kind, key, and whether the key was found.
    """

    login = "s3cret"

    def do_GET(self):
        self.note()
        if self.path == "/shop/metrics":
            self.count_page()
            return
        key = unquote(self.path.removeprefix("/shop/items/").partition("?")[0])
        if not self.is_known() or not self.path.endswith(f"?login={self.login}"):
            self.answer(401, {})
            return
        found = self.look_up("items", key)
        self.answer(200, {}, [("X-Store", "warm" if found else "cold")])

    def do_POST(self):
        self.note()
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.is_known() or body.get("login") != self.login:
            self.answer(401, {})
        elif self.headers["Content-Type"] != "application/json":
            self.answer(415, {})
        else:
            self.look_up("search", body["q"])
            self.answer(200, {"found": body["q"]})

    def do_PATCH(self):
        self.note()
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.is_known():
            self.answer(403, {})
            return
        self.server.ttl_seconds = body["ttl_ms"] / 1000
        self.answer(200, {})

    def is_known(self):
        return self.headers["Authorization"] == f"Bearer {self.login}"

    def look_up(self, kind, key):
        found = self.server.find(f"{kind} {key}")
        with self.server.lock:
            self.server.counts[kind, key, found] += 1
        return found

    def count_page(self):
        reads = self.server.reads
        lines = f'shop_hits {reads(True)}\nshop_reads_total{{kind="miss"}} {reads(False)}\n'
        self.send_response(200)
        self.send_header("Content-Length", str(len(lines)))
        self.end_headers()
        self.wfile.write(lines.encode())


class OddApi(_Handler):
    """An API that answers in turn as it should, and in every way that it should not."""

    turns = ("well", "well", "busy", "broken", "closes", "garbage", "slow", "long", "silent")

    def do_GET(self):
        with self.server.lock:
            turn = self.turns[sum(self.server.counts.values()) % len(self.turns)]
            self.server.counts[turn] += 1
        hit = [("X-Cache", "HIT")]
        match turn:
            case "busy":
                self.answer(429, {}, [*hit, ("Retry-After", "60")])
            case "broken":
                self.answer(500, {}, hit)
            case "closes":
                self.close_connection = True
            case "garbage":
                self.wfile.write(b"\x00\x01\r\n\r\n")
                self.close_connection = True
            case "slow":
                time.sleep(0.3)
                self.answer(200, {}, hit)
            case "long":
                self.answer(200, "a" * 3_000_000, hit)
            case "silent":
                self.answer(200, {})
            case _:
                self.answer(200, {}, hit)

"""Two services that are not ours in style: other paths, other words, no control API, no metrics."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


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

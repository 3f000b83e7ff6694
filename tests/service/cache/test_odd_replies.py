"""A server that answers every command of Redis with the same reply, be it of the wrong type."""

import socketserver

import hiredis
import pytest

from service.settings import Settings
from tests.serving import serving

pytestmark = pytest.mark.integration

ODD = {
    "ok": b"+OK\r\n",
    "number": b":1\r\n",
    "zero": b":0\r\n",
    "text": b"$5\r\nhello\r\n",
    "empty text": b"$0\r\n\r\n",
    "nil": b"$-1\r\n",
    "empty list": b"*0\r\n",
    "no list": b"*-1\r\n",
    "one number": b"*1\r\n:1\r\n",
    "two numbers": b"*2\r\n:1\r\n:2\r\n",
    "two texts": b"*2\r\n$1\r\na\r\n$1\r\nb\r\n",
    "text and counts": b"*3\r\n$1\r\na\r\n:0\r\n:0\r\n",
    "number and counts": b"*3\r\n:5\r\n:0\r\n:0\r\n",
    "nil and counts": b"*3\r\n$-1\r\n:0\r\n:0\r\n",
    "list and counts": b"*3\r\n*0\r\n:0\r\n:0\r\n",
    "half a lease": b"*3\r\n$8\r\nacquired\r\n:0\r\n:0\r\n",
    "number as lease": b"*5\r\n$8\r\nacquired\r\n:1\r\n:1\r\n:0\r\n:0\r\n",
    "text as counts": b"*3\r\n$6\r\nstored\r\n$1\r\n1\r\n$1\r\n1\r\n",
    "list with an error": b"*3\r\n-ERR no\r\n:0\r\n:0\r\n",
    "error": b"-ERR no\r\n",
    "error without a word": b"-\r\n",
    "unknown script": b"-NOSCRIPT no\r\n",
    "map of RESP3": b"%1\r\n+a\r\n:1\r\n",
    "null of RESP3": b"_\r\n",
    "truth of RESP3": b"#t\r\n",
    "push of RESP3": b">2\r\n+a\r\n+b\r\n",
    "nothing of RESP": b"HTTP/1.1 400 Bad Request\r\n\r\n",
}


class _Handler(socketserver.BaseRequestHandler):
    def handle(self):
        commands = hiredis.Reader()
        while data := self.request.recv(65_536):
            commands.feed(data)
            while commands.gets() is not False:
                self.request.sendall(self.server.reply)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    reply = b""


@pytest.fixture
def server():
    with serving(_Server(("127.0.0.1", 0), _Handler)) as server:
        yield server


@pytest.fixture
def client(build, server, tmp_path):
    settings = Settings(
        redis_url=f"redis://127.0.0.1:{server.server_address[1]}",
        database_url=f"sqlite:///{tmp_path}/fruit.db",
    )
    return build(settings).test_client()


@pytest.mark.parametrize("name", ODD)
def test_no_reply_is_a_500_or_passes_for_an_invalidation(client, server, name):
    server.reply = ODD[name]
    looked_up = []
    for protection in ("none", "single-flight", "lease", "early", "stale"):
        client.patch("/control/settings", json={"protection": protection})
        looked_up += [client.get(f"/fruit/{number}") for number in (1, 2, 9)]
    written = client.put("/fruit/1", json={"name": "apple", "quantity": 7})
    after, deleted = client.get("/fruit/1"), client.delete("/fruit/2")
    cleared, ready = client.delete("/control/cache"), client.get("/readyz")

    assert [answer.status_code for answer in looked_up] == [200, 200, 404] * 5
    assert [written.status_code, after.status_code, deleted.status_code] == [200, 200, 204]
    assert after.json["data"]["quantity"] == 7
    for answer in (written, deleted):
        assert answer.headers["Cache-Status"].endswith("detail=invalidation-pending")
    assert cleared.status_code == 503
    assert ready.status_code == 503

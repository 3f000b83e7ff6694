"""A program that is not MySQL, or a broken one, at the address of the database."""

import socketserver
import struct
from urllib.parse import quote

import pymysql
import pytest

from service.settings import Settings
from service.store.fruit_store import FruitStore
from tests.service.fakes import RecordingObserver
from tests.serving import serving

pytestmark = pytest.mark.integration

GREETING = (
    b"\x0a8.0.0\x00\x07\x00\x00\x00abcdefgh\x00\xff\xff\x2d\x02\x00\xff\xdf\x15"
    + bytes(10)
    + b"ijklmnopqrst\x00mysql_native_password\x00"
)
OK = b"\x00\x00\x00\x02\x00\x00\x00"


def packet(number, body):
    return struct.pack("<I", len(body))[:3] + bytes([number]) + body


ADMITTED = (packet(0, GREETING), packet(2, OK), packet(1, OK), packet(1, OK))
"""What a server says until it is asked for rows."""

ODD = {
    "HTTP": (b"HTTP/1.1 400 Bad Request\r\n\r\n",),
    "SSH": (b"SSH-2.0-OpenSSH_9.2\r\n",),
    "Redis": (b"-ERR unknown command\r\n",),
    "nothing": (b"",),
    "an empty greeting": (packet(0, b""),),
    "an old greeting": (packet(0, b"\x09old"),),
    "a cut greeting": (packet(0, GREETING[:8]),),
    "a greeting of no known text": (packet(0, GREETING[:-4] + b"\xb7\x9d\xfe\x00"),),
    "an empty answer to the login": (packet(0, GREETING), packet(2, b"")),
    "half an error": (packet(0, GREETING), packet(2, b"\xff")),
    "a key that is none": (
        packet(0, GREETING),
        packet(2, b"\xfecaching_sha2_password\x00abc\x00"),
        packet(4, b"\x01\x04"),
        packet(6, b"\x01no key"),
    ),
    "a request for a file of ours": (*ADMITTED, packet(1, b"\xfb/etc/passwd")),
    "half a row": (*ADMITTED, packet(1, b"\x05"), packet(1, b"\x03a")),
    "no rows": (*ADMITTED, packet(1, b"")),
}


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        for number, reply in enumerate(self.server.replies):
            if number and not self.request.recv(65_536):
                return
            self.request.sendall(reply)
        self.request.recv(65_536)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    replies = ()


@pytest.fixture
def server():
    with serving(Server(("127.0.0.1", 0), Handler)) as server:
        yield server


@pytest.mark.parametrize("name", ODD)
def test_no_reply_is_a_500(build, server, name):
    server.replies = ODD[name]
    port = server.server_address[1]
    client = build(
        Settings(
            redis_url="redis://127.0.0.1:1", database_url=f"mysql+pymysql://u:p@127.0.0.1:{port}/db"
        )
    ).test_client()
    looked_up, ready = client.get("/fruit/1"), client.get("/readyz")
    written = client.put("/fruit/1", json={"name": "apple", "quantity": 7})

    assert [answer.status_code for answer in (looked_up, ready, written)] == [503, 503, 503]
    assert "database did not answer" in ready.json["checks"]["store"]


def test_connection_whose_reply_was_not_understood_is_closed(mariadb_server, monkeypatch):
    store = FruitStore(mariadb_server.url, 1, RecordingObserver())
    with store._reads.connect() as connection:
        monkeypatch.setattr("pymysql.connections.MySQLResult.read", lambda _result: b""[0])
        with pytest.raises(IndexError):
            connection.exec_driver_sql("SELECT 1")

        assert connection.invalidated
    monkeypatch.undo()
    assert store.find(1, 0.0).name == "apple"
    store.close()


@pytest.mark.parametrize("password", ["pé", "p€ß"], ids=["Latin-1", "beyond Latin-1"])
def test_password_may_have_any_character(mariadb_server, password):
    with (
        pymysql.connect(host="127.0.0.1", port=mariadb_server.port, user="root") as admin,
        admin.cursor() as cursor,
    ):
        cursor.execute("CREATE OR REPLACE USER 'any'@'127.0.0.1' IDENTIFIED BY %s", (password,))
        cursor.execute("GRANT SELECT ON grocerydb.* TO 'any'@'127.0.0.1'")
    login = f"any:{quote(password)}@127.0.0.1:{mariadb_server.port}"
    store = FruitStore(f"mysql+pymysql://{login}/grocerydb", 1, RecordingObserver())

    assert store.find(1, 0.0).name == "apple"
    store.close()

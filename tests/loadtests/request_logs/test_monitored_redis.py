"""What `record` says of a server that refuses MONITOR, or is not Redis at all."""

import socketserver

import hiredis
import pytest

from loadtests.cli import main
from tests.serving import serving

pytestmark = pytest.mark.integration

INFO = (
    b"instantaneous_ops_per_sec:5\r\nkeyspace_hits:1\r\nkeyspace_misses:1\r\nconnected_slaves:9\r\n"
)


def bulk(text):
    return b"$%d\r\n%s\r\n" % (len(text), text)


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        commands = hiredis.Reader()
        while data := self.request.recv(65_536):
            commands.feed(data)
            while (command := commands.gets()) is not False:
                reply = self.server.replies.get(command[0].upper(), self.server.other)
                self.request.sendall(reply)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    replies = {}  # noqa: RUF012 - each test gives others
    other = b"+OK\r\n"


@pytest.fixture
def server():
    with serving(Server(("127.0.0.1", 0), Handler)) as server:
        yield server


@pytest.mark.parametrize(
    ("other", "replies", "message"),
    [
        (b"+OK\r\n", {}, "does not tell instantaneous_ops_per_sec"),
        (b":1\r\n", {}, "cannot be asked"),
        (b"$-1\r\n", {}, "cannot be asked"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", {}, "cannot be asked: Protocol error"),
        (b"+OK\r\n", {b"INFO": bulk(b"instantaneous_ops_per_sec:x\r\n")}, "does not tell"),
        (b"-NOPERM no\r\n", {b"INFO": bulk(INFO), b"CLIENT": b"+OK\r\n"}, "watched: no"),
        (b"+OK\r\n", {b"INFO": bulk(INFO), b"MONITOR": b"+OK\r\n-ERR gone\r\n"}, "watched: gone"),
    ],
)
def test_server_that_cannot_be_watched_is_named_in_a_line_and_leaves_no_sample(
    tmp_path, capsys, server, other, replies, message
):
    server.other, server.replies = other, replies
    sample, secret = tmp_path / "sample.csv", tmp_path / "secret"
    url = f"redis://127.0.0.1:{server.server_address[1]}/0"
    code = main(["record", str(sample), "--redis-url", url, "--secret", str(secret)])

    assert code == 2
    assert message in capsys.readouterr().err.splitlines()[-1]
    assert not sample.exists()


def test_option_of_a_url_that_is_not_one_is_named_and_nothing_is_left_in_the_folder(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main(["record", "sample.csv", "--redis-url", "redis://127.0.0.1:1?foo=1"]) == 2

    assert "foo" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []

"""Something else answers at the address of Redis: another program, or a server that refuses."""

import socketserver
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

import hiredis

from tests.faults.fault import Fault, of_redis
from tests.faults.stage import Stage
from tests.serving import serving

TLS_ALERT = b"\x15\x03\x01\x00\x02\x02\x46"
"""What OpenSSL answers to a client that does not speak TLS, before it closes the connection."""


class StandIn(socketserver.ThreadingTCPServer):
    """Answers every command of Redis with the same bytes."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, reply: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.reply = reply


class _Handler(socketserver.BaseRequestHandler):
    server: StandIn

    def handle(self) -> None:
        commands = hiredis.Reader()
        with suppress(ConnectionError):
            while data := self.request.recv(65_536):
                commands.feed(data)
                while commands.gets() is not False:
                    self.request.sendall(self.server.reply)
                if self.server.reply == TLS_ALERT:
                    return


def answered(stage: Stage, reply: bytes) -> Iterator[None]:
    with serving(StandIn(reply)) as server:
        stage.to_redis.cut()
        stage.to_redis.heal(server.server_address[1])
        try:
            yield
        finally:
            stage.to_redis.cut()
            stage.to_redis.heal(stage.redis.port)


def answers(name: str, reply: bytes) -> Fault:
    return of_redis(name, partial(answered, reply=reply))


FAULTS = (
    answers("something that is not Redis answers at its address", b"HTTP/1.1 400 Bad\r\n\r\n"),
    answers("the port of Redis wants TLS", TLS_ALERT),
    answers("Redis is loading its data (LOADING)", b"-LOADING Redis is loading the dataset\r\n"),
    answers("Redis is one node of a cluster (MOVED)", b"-MOVED 3999 127.0.0.1:6381\r\n"),
    answers("every reply of Redis is a number", b":7\r\n"),
    answers("every reply of Redis is an empty list", b"*0\r\n"),
)

"""Serves the clients of a test from its own process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket
from socketserver import BaseServer
from typing import TypeVar

Server = TypeVar("Server", bound=BaseServer)


def connections_to(listener: socket) -> Iterator[socket]:
    """Accept clients until the listener is closed."""
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        yield connection


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Let a server answer in the block, and close it."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()

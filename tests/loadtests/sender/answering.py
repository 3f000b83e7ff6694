"""A server whose every answer a test writes out, byte by byte."""

import socket
import threading
from contextlib import contextmanager

from tests.serving import connections_to

HIT = b"HTTP/1.1 200 OK\r\nX-Cache: HIT\r\n"
PLAIN = HIT + b"Content-Length: 2\r\n\r\n{}"


class Answering:
    """A server that answers every request in the same way, and closes unless it may go on.

    Attributes:
        requests: Those that came, as text.
        closed: Released once for each connection that ended.
    """

    def __init__(self, listener, answer, goes_on):
        self.listener, self.answer, self.goes_on = listener, answer, goes_on
        self.requests = []
        self.closed = threading.Semaphore(0)

    def accept(self):
        for connection in connections_to(self.listener):
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            self.answer_all(connection)
        self.closed.release()

    def answer_all(self, connection):
        while request := connection.recv(65_536):
            self.requests.append(request.decode())
            answer = self.answer(request) if callable(self.answer) else self.answer
            connection.sendall(answer)
            if not (self.goes_on(answer) if callable(self.goes_on) else self.goes_on):
                return


@contextmanager
def answering(answer, *, goes_on=True, address=("127.0.0.1", 0), family=socket.AF_INET):
    with socket.create_server(address, family=family) as listener:
        server = Answering(listener, answer, goes_on)
        thread = threading.Thread(target=server.accept, daemon=True)
        thread.start()
        server.port = listener.getsockname()[1]
        yield server
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()

"""Closes connections to Locust's page on which nothing comes; Locust itself keeps them for ever."""

from contextlib import suppress
from typing import Any

import gevent
from gevent import pywsgi
from werkzeug.exceptions import ClientDisconnected

HEAD_SECONDS = 60.0
"""A connection without a whole head of a request for so long is closed, kept alive or new."""

BODY_SECONDS = 60.0
"""Longest wait for the body of a request."""

TAKING_SECONDS = 300.0
"""Longest wait for a client that does not take its answer."""


class _LateBodyError(ClientDisconnected, OSError):
    """The body of a request did not come in time: for Flask a bad request, for gevent its end."""


class _Body(pywsgi.Input):  # type: ignore[misc]  # gevent has no types
    """The body of a request, which comes in time or not at all."""

    def read(self, length: int | None = None) -> Any:  # noqa: ANN401 - gevent's
        """Read it, for a form or to get past it."""
        try:
            with gevent.Timeout(BODY_SECONDS, _LateBodyError):
                return super().read(length)
        except _LateBodyError:
            self._chunked_input_error = True  # So that gevent does not wait for the rest.
            raise

    @property
    def is_late(self) -> bool:
        """Whether more of it would not be understood."""
        return bool(self._chunked_input_error)


class _Handler(pywsgi.WSGIHandler):  # type: ignore[misc]  # gevent has no types
    """Serves the requests of one connection."""

    wsgi_input: Any
    # Those of a client that does not take its answer, without TLS and with it, need no traceback.
    ignored_socket_errors = (
        *pywsgi.WSGIHandler.ignored_socket_errors,
        "timed out",
        "The write operation timed out",
    )

    def handle_one_request(self) -> Any:  # noqa: ANN401 - gevent's
        """Serve the next request; return None, which closes the connection, if none comes."""
        self.socket.settimeout(TAKING_SECONDS)
        with gevent.Timeout(HEAD_SECONDS, exception=False) as self._until_head:
            return super().handle_one_request()
        return None

    def get_environ(self) -> dict[str, Any]:
        """Return the request to Flask, now that its head is there."""
        self._until_head.cancel()
        environ: dict[str, Any] = super().get_environ()
        body = self.wsgi_input
        self.wsgi_input = _Body(body.rfile, body.content_length, body.socket, body.chunked_input)
        environ["wsgi.input"] = self.wsgi_input
        return environ

    def handle_one_response(self) -> None:
        """Answer the request, however long that takes."""
        super().handle_one_response()
        if self.wsgi_input.is_late:
            self.close_connection = True


class _Server(pywsgi.WSGIServer):  # type: ignore[misc]  # gevent has no types
    """Serves Locust's page."""

    handler_class = _Handler

    def wrap_socket_and_handle(self, client_socket: Any, address: Any) -> None:  # noqa: ANN401
        """Serve a connection with TLS, unless its handshake does not come in time."""
        client_socket.settimeout(HEAD_SECONDS)
        with suppress(TimeoutError):
            super().wrap_socket_and_handle(client_socket, address)


def close_idle_connections() -> None:
    """Let the pages that Locust starts from now on close idle connections."""
    # Locust makes its server as `pywsgi.WSGIServer`, when it starts the page.
    pywsgi.WSGIServer = _Server

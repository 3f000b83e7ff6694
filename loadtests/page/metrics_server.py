"""Serves /metrics where there is no web page to add it to: of a headless load, of a sweep."""

from contextlib import suppress
from threading import Thread
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server

from loadtests.stack.ports import LOAD_METRICS_PORT
from loadtests.workload.flags import Flag, FlagError

METRICS_PORT = Flag(
    "metrics-port",
    LOAD_METRICS_PORT,
    "Headless: serve /metrics on this port (of --web-host).",
    1,
    65_535,
    in_form=False,
    optional=True,
)

_EVERY_INTERFACE = "0.0.0.0"  # noqa: S104 - Locust's own page listens there too


IDLE_SECONDS = 60.0
"""A connection on which nothing comes for so long is closed; each has a thread of its own."""


def serve_metrics(registry: CollectorRegistry, host: str, port: int) -> tuple[WSGIServer, Thread]:
    """Serve *registry*; return the server and its thread.

    Raises:
        OSError: It cannot listen there.
    """
    server, thread = start_http_server(port, host, registry)

    class Handler(server.RequestHandlerClass):  # type: ignore[name-defined, misc]
        timeout = IDLE_SECONDS

        def handle(self) -> None:
            with suppress(TimeoutError):
                super().handle()

    server.RequestHandlerClass = Handler
    return server, thread


def start_metrics_server(registry: CollectorRegistry, host: str, port: int) -> None:
    """Serve *registry* until the process ends; on every interface if *host* is empty.

    Raises:
        FlagError: The port is not available.
    """
    try:
        serve_metrics(registry, host or _EVERY_INTERFACE, port)
    except OSError as error:
        raise FlagError(
            f"metrics-port must be a free port, got '{port}': {error.strerror}; choose another"
        ) from None

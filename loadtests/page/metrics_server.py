"""Serves /metrics of a headless load generator, which has no web page to add it to."""

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


def start_metrics_server(registry: CollectorRegistry, host: str, port: int) -> None:
    """Serve *registry* until the process ends; on every interface if *host* is empty.

    Raises:
        FlagError: The port is not available.
    """
    try:
        start_http_server(port, host or _EVERY_INTERFACE, registry)
    except OSError as error:
        raise FlagError(
            f"metrics-port must be a free port, got '{port}': {error.strerror}; choose another"
        ) from None

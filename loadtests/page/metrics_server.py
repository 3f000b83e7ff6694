"""/metrics of a headless load generator, which has no web page to stand beside."""

from collections.abc import Callable, Iterable

import gevent
from gevent.pywsgi import WSGIServer

from loadtests.page import exporter
from loadtests.page.exporter import Exposition
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


class MetricsServer:
    """Serves one page to Prometheus."""

    def __init__(self, exposition: Exposition) -> None:
        self._exposition = exposition

    def start(self, host: str, port: int) -> None:
        """Listen from now on; every interface where *host* is empty.

        Raises:
            FlagError: The port cannot be had.
        """
        server = WSGIServer((host, port), self._answer, log=None)
        try:
            server.start()
        except OSError as error:
            raise FlagError(
                f"metrics-port must be a free port, got '{port}': {error.strerror}; choose another"
            ) from None
        gevent.spawn(server.serve_forever)

    def _answer(
        self, environ: dict[str, str], start_response: Callable[..., object]
    ) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/metrics":
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"here is only /metrics\n"]
        start_response("200 OK", [("Content-Type", exporter.CONTENT_TYPE)])
        return [self._exposition.page()]

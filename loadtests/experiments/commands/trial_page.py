"""/metrics of a sweep, for Prometheus to follow the trials by."""

import errno
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from loadtests.experiments.plan.fields import PlanError
from loadtests.experiments.records.records import TrialRecord
from loadtests.experiments.report.figures import counted_in_window
from loadtests.page.exporter import CONTENT_TYPE, TrialGauges
from loadtests.service_under_test.contract import hit_ratio

USUAL_PORT = 9647


class TrialPage:
    """Serves what has been measured so far; a context manager.

    Args:
        host: Where to listen.
        port: Which port; None takes the usual one, or goes without a page where it is taken.
    """

    def __init__(self, host: str, port: int | None) -> None:
        self._gauges = TrialGauges()
        self._host = host
        self._port = port
        self._server: ThreadingHTTPServer | None = None

    @property
    def address(self) -> str | None:
        """Where it is served; None where it is not."""
        if self._server is None:
            return None
        return f"http://{self._host}:{self._server.server_port}/metrics"

    def show(self, record: TrialRecord) -> None:
        """Add a trial that has ended in good order."""
        counted = counted_in_window(record)
        if record.aborted is None and counted is not None:
            measured = hit_ratio(counted.lookups)
            predicted = record.prediction.hit_ratio if record.prediction else None
            ratios = {"hit_ratio": measured, "predicted_hit_ratio": predicted}
            self._gauges.show(record.trial.ttl_seconds, ratios)

    def __enter__(self) -> Self:
        """Begin to serve.

        Raises:
            PlanError: Host or port that was asked for cannot be had.
        """
        port = USUAL_PORT if self._port is None else self._port
        try:
            server = ThreadingHTTPServer((self._host, port), _handler(self._gauges))
        except OSError as error:
            if self._port is None and error.errno == errno.EADDRINUSE:
                return self
            raise PlanError(
                f"--metrics-host {self._host} --metrics-port {port} cannot be had: "
                f"{error.strerror}; choose others, or leave them out"
            ) from None
        server.daemon_threads = True
        self._server = server
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


def _handler(gauges: TrialGauges) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = gauges.page() if self.path == "/metrics" else b"here is only /metrics\n"
            self.send_response(200 if self.path == "/metrics" else 404)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - the library's name
            """Say nothing: stderr is for the person."""

    return Handler

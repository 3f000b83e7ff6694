"""Whether the process runs, whether it can serve requests, and its metrics."""

from collections.abc import Callable, Mapping, Sequence

from flask import Blueprint, Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8"


def install(
    app: Flask,
    page: Callable[[Sequence[str]], bytes],
    checks: Mapping[str, Callable[[], str | None]],
) -> None:
    """Add /livez, /readyz and /metrics to the app.

    Args:
        app: Receives the routes.
        page: Writes the metrics of some names, or all when none is named.
        checks: By dependency, a check that returns its problem, or None when it works.
    """
    pages = Blueprint("health", __name__)

    @pages.get("/livez")
    def livez() -> ResponseReturnValue:
        return jsonify(live=True)

    @pages.get("/readyz")
    def readyz() -> ResponseReturnValue:
        problems = {name: check() for name, check in checks.items()}
        ready = not any(problems.values())
        results = {name: problem or "ok" for name, problem in problems.items()}
        return jsonify(ready=ready, checks=results), 200 if ready else 503

    @pages.get("/metrics")
    def show_metrics() -> ResponseReturnValue:
        body = page(request.args.getlist("name[]"))
        return Response(body, content_type=PROMETHEUS_TEXT)

    app.register_blueprint(pages)

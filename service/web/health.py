"""Whether the process lives, whether it can be sent work, and its metrics."""

from collections.abc import Callable, Mapping

from flask import Blueprint, Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from service.metrics import CONTENT_TYPE, Metrics


def install(app: Flask, metrics: Metrics, checks: Mapping[str, Callable[[], str | None]]) -> None:
    """Give the app /livez, /readyz and /metrics.

    Args:
        app: Gets the routes.
        metrics: What /metrics shows.
        checks: By dependency, what tells its problem, or None when it has none.
    """
    pages = Blueprint("health", __name__)

    @pages.get("/livez")
    def livez() -> ResponseReturnValue:
        return jsonify(live=True)

    @pages.get("/readyz")
    def readyz() -> ResponseReturnValue:
        found = {name: check() for name, check in checks.items()}
        ready = not any(found.values())
        shown = {name: reason or "ok" for name, reason in found.items()}
        return jsonify(ready=ready, checks=shown), 200 if ready else 503

    @pages.get("/metrics")
    def show_metrics() -> ResponseReturnValue:
        body = metrics.exposition(request.args.getlist("name[]"))
        return Response(body, content_type=CONTENT_TYPE)

    app.register_blueprint(pages)

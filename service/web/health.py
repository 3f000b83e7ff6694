"""Whether the process runs, whether it can serve requests, and its metrics."""

import logging
from collections.abc import Callable, Mapping, Sequence

from flask import Blueprint, Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from service.web.requests import is_authorized

PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8"

UNAVAILABLE = "not available; the log says why, and so does this page with the token"

log = logging.getLogger("service")


def install(
    app: Flask,
    page: Callable[[Sequence[str]], bytes],
    checks: Mapping[str, Callable[[], str | None]],
    token: str | None,
) -> None:
    """Add /livez, /readyz and /metrics to the app.

    Args:
        app: Receives the routes.
        page: Writes the metrics of some names, or all when none is named.
        checks: By dependency, a check that returns its problem, or None when it works.
        token: Whoever may control the service reads the problems on /readyz, which can name
            servers and users; others read only which dependency has one.
    """
    pages = Blueprint("health", __name__)
    logged: dict[str, str | None] = {}

    def check_all() -> dict[str, str | None]:
        problems = {name: check() for name, check in checks.items()}
        for name, problem in problems.items():
            if problem and logged.get(name) != problem:
                log.warning("not ready: %s: %s", name, problem)
        logged.update(problems)
        return problems

    @pages.get("/livez")
    def livez() -> ResponseReturnValue:
        return jsonify(live=True)

    @pages.get("/readyz")
    def readyz() -> ResponseReturnValue:
        problems = check_all()
        ready = not any(problems.values())
        if not is_authorized(token):
            problems = {name: problem and UNAVAILABLE for name, problem in problems.items()}
        results = {name: problem or "ok" for name, problem in problems.items()}
        return jsonify(ready=ready, checks=results), 200 if ready else 503

    @pages.get("/metrics")
    def show_metrics() -> ResponseReturnValue:
        body = page(request.args.getlist("name[]"))
        return Response(body, content_type=PROMETHEUS_TEXT)

    app.register_blueprint(pages)

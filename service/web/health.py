"""Whether the process runs, whether it can serve requests, and its metrics."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from flask import Blueprint, Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from service.web.requests import is_authorized

PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8"

UNAVAILABLE = "not available; the log says why, and so does this page with the token"

# A look at the dependencies is good for this long.
FRESH_SECONDS = 1.0
FIRST_LOOK = "the first look at it is under way"

log = logging.getLogger("service")


class Looks:
    """Looks at the dependencies, one look at a time and at most one a second.

    While a look is under way, which takes as long as a dependency that hangs, others get the last.

    Args:
        checks: By dependency, a check that returns its problem, or None when it works.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        checks: Mapping[str, Callable[[], str | None]],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._checks = checks
        self._clock = clock
        self._looking = threading.Lock()
        self._last: dict[str, str | None] = dict.fromkeys(checks, FIRST_LOOK)
        self._looked_at: float | None = None

    def problems(self) -> dict[str, str | None]:
        """Return the problem of each dependency; None where there is none."""
        if not self._is_fresh() and self._looking.acquire(blocking=False):
            try:
                if not self._is_fresh():
                    self._look()
            finally:
                self._looking.release()
        return self._last

    def _is_fresh(self) -> bool:
        return self._looked_at is not None and self._clock() - self._looked_at < FRESH_SECONDS

    def _look(self) -> None:
        found = {name: check() for name, check in self._checks.items()}
        for name, problem in found.items():
            if problem and self._last[name] != problem:
                log.warning("not ready: %s: %s", name, problem)
        self._last, self._looked_at = found, self._clock()


def install(
    app: Flask,
    page: Callable[[Sequence[str]], bytes],
    checks: Mapping[str, Callable[[], str | None]],
    near_state: Callable[[], str],
    token: str | None,
) -> None:
    """Add /livez, /readyz and /metrics to the app.

    Args:
        app: Receives the routes.
        page: Writes the metrics of some names, or all when none is named.
        checks: By dependency, a check that returns its problem, or None when it works.
        near_state: Returns whether the near tier is used, and why not. A process without one is
            ready all the same.
        token: Whoever may control the service reads the problems on /readyz, which can name
            servers and users; others read only which dependency has one.
    """
    pages = Blueprint("health", __name__)
    looks = Looks(checks)

    @pages.get("/livez")
    def livez() -> ResponseReturnValue:
        return jsonify(live=True)

    @pages.get("/readyz")
    def readyz() -> ResponseReturnValue:
        problems = looks.problems()
        ready = not any(problems.values())
        near = near_state()
        if not is_authorized(token):
            near = near.partition(":")[0]
            problems = {name: problem and UNAVAILABLE for name, problem in problems.items()}
        results = {name: problem or "ok" for name, problem in problems.items()}
        return jsonify(ready=ready, checks=results, near=near), 200 if ready else 503

    @pages.get("/metrics")
    def show_metrics() -> ResponseReturnValue:
        body = page(request.args.getlist("name[]"))
        return Response(body, content_type=PROMETHEUS_TEXT)

    app.register_blueprint(pages)

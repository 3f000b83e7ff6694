"""What clients see when something is wrong: JSON with the reason, never a page of HTML."""

import logging

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException, InternalServerError

from service.domain.cache import CacheUnavailableError
from service.domain.fruit import FruitError
from service.domain.knobs import KnobError
from service.domain.store import StoreUnavailableError

RETRY_AFTER_SECONDS = "1"

log = logging.getLogger("service")


class RefusedError(Exception):
    """A request that is not taken.

    Attributes:
        status: The HTTP status that says why.
        field: The part of the request that is wrong; None when it is no single one.
    """

    def __init__(self, status: int, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.field = field


def problem(status: int, message: str, field: str | None = None) -> Response:
    """Answer with what is wrong."""
    response = jsonify(error=message, field=field)
    response.status_code = status
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def store_unavailable(error: StoreUnavailableError) -> Response:
    """Answer that the store cannot be asked now, and when to try again."""
    response = problem(503, f"the store is not available: {error}")
    response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return response


def install(app: Flask) -> None:
    """Have every error of the app answered in JSON."""
    app.register_error_handler(StoreUnavailableError, store_unavailable)
    app.register_error_handler(
        CacheUnavailableError, lambda error: problem(503, f"Redis is not available: {error}")
    )
    app.register_error_handler(
        RefusedError, lambda error: problem(error.status, str(error), error.field)
    )
    app.register_error_handler(FruitError, lambda error: problem(400, str(error), error.field))
    app.register_error_handler(KnobError, lambda error: problem(400, str(error), error.field))
    app.register_error_handler(HTTPException, _http_problem)
    app.register_error_handler(Exception, _bug)


def _http_problem(error: HTTPException) -> Response:
    reason = {404: "no such page; GET / lists what there is"}.get(
        error.code or 500, error.description or error.name
    )
    response = problem(error.code or 500, reason)
    for name, value in error.get_headers():
        if name not in {"Content-Type", "Content-Length"}:
            response.headers[name] = value
    return response


def _bug(error: Exception) -> Response:
    log.error("unforeseen error", exc_info=error)
    return problem(InternalServerError.code, "internal error; the service's log has it")

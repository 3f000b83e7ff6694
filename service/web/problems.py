"""Errors as clients see them: JSON with the reason, never a page of HTML."""

import logging

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed

from service.domain.cache import CacheUnavailableError
from service.domain.fruit import FruitError
from service.domain.knobs import KnobError
from service.domain.store import (
    StoreUnavailableError,
    UnservableRowError,
    WriteNotAcceptedError,
)

RETRY_AFTER_SECONDS = "1"

log = logging.getLogger("service")


class RefusedError(Exception):
    """A request that the service refuses to carry out.

    Args:
        status: The HTTP status that says why.
        message: The reason, for people.
        field: The part of the request that is wrong; None when it is no single one.
    """

    def __init__(self, status: int, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.field = field


def problem(status: int, message: str, field: str | None = None) -> Response:
    """Return a response that states what is wrong."""
    response = jsonify(error=message, field=field)
    response.status_code = status
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def store_unavailable(error: StoreUnavailableError) -> Response:
    """Return a response that says when to try again; the cause can name servers and users."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, UnservableRowError):
            return problem(503, str(cause))  # Trying again does not help.
        cause = cause.__cause__
    response = problem(503, "the store is not available; the service's log says why")
    response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return response


def write_not_accepted(error: WriteNotAcceptedError) -> Response:
    """Return a response that says why the table does not accept a write."""
    return problem(403 if error.is_denied else 422, f"not written: {error}")


def install(app: Flask) -> None:
    """Make the app answer every error in JSON."""
    app.register_error_handler(StoreUnavailableError, store_unavailable)
    app.register_error_handler(WriteNotAcceptedError, write_not_accepted)
    app.register_error_handler(
        CacheUnavailableError, lambda error: problem(503, f"Redis is not available: {error}")
    )
    app.register_error_handler(
        RefusedError, lambda error: problem(error.status, str(error), error.field)
    )
    app.register_error_handler(FruitError, lambda error: problem(400, str(error), error.field))
    app.register_error_handler(KnobError, lambda error: problem(400, str(error), error.field))
    app.register_error_handler(HTTPException, _http_problem)
    app.register_error_handler(Exception, internal_error)


def _http_problem(error: HTTPException) -> Response:
    reason = error.description or error.name
    if error.code == 404:
        reason = "no such page; GET / lists the pages"
    elif isinstance(error, MethodNotAllowed) and error.valid_methods:
        known = ", ".join(sorted(error.valid_methods))
        reason = f"this page has no such method; use one of {known}"
    response = problem(error.code or 500, reason)
    for name, value in error.get_headers():
        if name not in {"Content-Type", "Content-Length"}:
            response.headers[name] = value
    return response


def internal_error(error: Exception) -> Response:
    """Log an error that nobody expected, and return a response that does not show it."""
    log.error("unexpected error while answering a request", exc_info=error)
    return problem(InternalServerError.code, "internal error; see the service's log")

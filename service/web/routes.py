"""Fruit over HTTP: writes, the front page, ids that no fruit has, every answer of Flask counted."""

from collections.abc import Callable

from flask import Blueprint, Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from service.domain.cache import InvalidationOutcome
from service.domain.fruit import MAX_ID, Fruit, parse_fruit, parse_id
from service.pattern.writes import Writes
from service.web.lookups import LOOKUP_ROUTE, NO_SUCH_FRUIT
from service.web.problems import problem
from service.web.requests import read_json_object, require_authorized


def count_requests(app: Flask, count: Callable[[str, str, int], None]) -> None:
    """Count every answer of the app by its method, the pattern of its path, and its status."""

    @app.after_request
    def count_request(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "unmatched"
        count(request.method, route, response.status_code)
        return response


def install(app: Flask, writes: Writes, token: str | None) -> None:
    """Add the front page, the writes and the refusal of unknown ids to the app.

    Args:
        app: Receives the routes.
        writes: Carries out writes.
        token: Required of writes; None accepts only writes from this machine.
    """
    pages = Blueprint("fruit", __name__)

    @pages.get("/")
    def index() -> ResponseReturnValue:
        return jsonify(
            {
                "about": "a cache-aside service: Redis in front of a database",
                "links": {
                    "fruit": "/fruit/1",
                    "metrics": "/metrics",
                    "live": "/livez",
                    "ready": "/readyz",
                    "settings": "/control/settings",
                    "openapi": "/openapi.json",
                },
            }
        )

    @pages.get(LOOKUP_ROUTE)
    def refuse_lookup(id: str) -> ResponseReturnValue:  # noqa: A002 - as the path says
        """Answer what `lookups` left to Flask: ids that no fruit can have."""
        del id
        return _unknown_id()

    @pages.put(LOOKUP_ROUTE)
    def replace(id: str) -> ResponseReturnValue:  # noqa: A002
        require_authorized(token)
        fruit_id = parse_id(id)
        if fruit_id is None:
            return _unknown_id()
        fruit = parse_fruit(fruit_id, read_json_object())
        created, invalidation = writes.replace(fruit)
        return _respond_to_write(201 if created else 200, invalidation, fruit)

    @pages.delete(LOOKUP_ROUTE)
    def delete(id: str) -> ResponseReturnValue:  # noqa: A002
        require_authorized(token)
        fruit_id = parse_id(id)
        if fruit_id is None:
            return _unknown_id()
        existed, invalidation = writes.delete(fruit_id)
        return _respond_to_write(204 if existed else 404, invalidation, None)

    app.register_blueprint(pages)


def _unknown_id() -> Response:
    return problem(404, f"{NO_SUCH_FRUIT}: ids are whole numbers from 1 to {MAX_ID}")


def _respond_to_write(
    status: int, invalidation: InvalidationOutcome | None, fruit: Fruit | None
) -> Response:
    if status == 404:
        response = problem(404, NO_SUCH_FRUIT)
    elif fruit is None:
        response = Response(status=status)
        del response.headers["Content-Type"]
    else:
        response = jsonify(data=fruit.as_json_object())
        response.status_code = status
    detail = {
        None: "invalidation-off",
        InvalidationOutcome.DONE: "invalidated",
        InvalidationOutcome.DEFERRED: "invalidation-pending",
    }[invalidation]
    response.headers["Cache-Status"] = f"cacheaside; fwd=method; detail={detail}"
    response.headers["Cache-Control"] = "no-store"
    return response

"""Fruit over HTTP: paths and bodies to the pattern, its answers back, every answer counted."""

from collections.abc import Callable

from flask import Blueprint, Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from service.domain.cache import InvalidationOutcome
from service.domain.fruit import MAX_ID, Fruit, parse_fruit, parse_id
from service.domain.lookup import Lookup, LookupFailedError, LookupResult
from service.pattern.cache_aside import CacheAside
from service.pattern.writes import Writes
from service.web.lookup_headers import with_lookup_headers
from service.web.problems import problem, store_unavailable
from service.web.requests import read_json_object, require_authorized

NO_SUCH_FRUIT = "no such fruit"


def count_requests(app: Flask, count: Callable[[str, str, int], None]) -> None:
    """Count every answer of the app by its method, the pattern of its path, and its status."""

    @app.after_request
    def count_request(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "unmatched"
        count(request.method, route, response.status_code)
        return response


def install(app: Flask, cache_aside: CacheAside, writes: Writes, token: str | None) -> None:
    """Add the front page, the lookups and the writes to the app.

    Args:
        app: Receives the routes.
        cache_aside: Answers lookups.
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
                },
            }
        )

    @pages.get("/fruit/<id>")
    def look_up(id: str) -> ResponseReturnValue:  # noqa: A002 - as the path says
        fruit_id = parse_id(id)
        if fruit_id is None:
            return _unknown_id()
        try:
            return _respond_to_lookup(cache_aside.look_up(fruit_id))
        except LookupFailedError as error:
            return with_lookup_headers(store_unavailable(error), error.lookup)

    @pages.put("/fruit/<id>")
    def replace(id: str) -> ResponseReturnValue:  # noqa: A002
        require_authorized(token)
        fruit_id = parse_id(id)
        if fruit_id is None:
            return _unknown_id()
        fruit = parse_fruit(fruit_id, read_json_object())
        created, invalidation = writes.replace(fruit)
        return _respond_to_write(201 if created else 200, invalidation, fruit)

    @pages.delete("/fruit/<id>")
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


def _respond_to_lookup(lookup: Lookup) -> Response:
    if lookup.fruit is None:
        response = problem(404, NO_SUCH_FRUIT)
    else:
        from_cache = lookup.result in {LookupResult.HIT, LookupResult.STALE}
        response = jsonify(data=lookup.fruit.as_json_object(), from_cache=from_cache)
    return with_lookup_headers(response, lookup)


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

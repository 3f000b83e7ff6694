"""Fruit over HTTP: paths, bodies and headers to the domain and back, and nothing else."""

import math

from flask import Blueprint, Flask, Response, jsonify
from flask.typing import ResponseReturnValue

from service.domain.cache import FillOutcome, InvalidationOutcome
from service.domain.fruit import MAX_ID, Fruit, parse_fruit, parse_id
from service.domain.lookup import Lookup, LookupFailedError, LookupResult
from service.pattern.cache_aside import CacheAside
from service.pattern.writes import Writes
from service.web.authorization import require_authorized
from service.web.problems import problem, store_unavailable
from service.web.request_body import read_json_object

NO_SUCH_FRUIT = "no such fruit"


def install(app: Flask, cache_aside: CacheAside, writes: Writes, token: str | None) -> None:
    """Give the app its front page, its lookups and its writes.

    Args:
        app: Gets the routes.
        cache_aside: Answers lookups.
        writes: Takes writes.
        token: Asked of writes; None takes those of this machine only.
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
            return _no_id()
        try:
            return _answered(cache_aside.look_up(fruit_id))
        except LookupFailedError as error:
            return _told(store_unavailable(error), error.lookup)

    @pages.put("/fruit/<id>")
    def replace(id: str) -> ResponseReturnValue:  # noqa: A002
        require_authorized(token)
        fruit_id = parse_id(id)
        if fruit_id is None:
            return _no_id()
        fruit = parse_fruit(fruit_id, read_json_object())
        created, invalidation = writes.replace(fruit)
        return _written(201 if created else 200, invalidation, fruit)

    @pages.delete("/fruit/<id>")
    def delete(id: str) -> ResponseReturnValue:  # noqa: A002
        require_authorized(token)
        fruit_id = parse_id(id)
        if fruit_id is None:
            return _no_id()
        existed, invalidation = writes.delete(fruit_id)
        return _written(204 if existed else 404, invalidation, None)

    app.register_blueprint(pages)


def _no_id() -> Response:
    return problem(404, f"{NO_SUCH_FRUIT}: ids are whole numbers from 1 to {MAX_ID}")


def _written(
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


def _answered(lookup: Lookup) -> Response:
    if lookup.fruit is None:
        response = problem(404, NO_SUCH_FRUIT)
    else:
        from_cache = lookup.result in {LookupResult.HIT, LookupResult.STALE}
        response = jsonify(data=lookup.fruit.as_json_object(), from_cache=from_cache)
    return _told(response, lookup)


def _told(response: Response, lookup: Lookup) -> Response:
    headers = response.headers
    headers["Cache-Control"] = "no-store"
    headers["X-Cache"] = lookup.result.name
    headers["Cache-Status"] = cache_status(lookup)
    headers["Server-Timing"] = _timing(lookup)
    if lookup.age_seconds is not None:
        headers["Age"] = str(int(lookup.age_seconds))
    return response


def cache_status(lookup: Lookup) -> str:
    """Say in the words of RFC 9211 how the cache took part."""
    parts = ["cacheaside"]
    match lookup.result:
        case LookupResult.HIT | LookupResult.STALE | LookupResult.NEGATIVE:
            parts.append("hit")
            if lookup.remaining_seconds is not None:
                parts.append(f"ttl={math.floor(lookup.remaining_seconds)}")
        case LookupResult.COALESCED:
            parts += ["fwd=miss", "collapsed"]
        case LookupResult.BYPASS if lookup.bypass is not None:
            parts += ["fwd=bypass", f"detail={lookup.bypass.value}"]
        case LookupResult.ERROR:
            parts.append("fwd=miss" if lookup.bypass is None else "fwd=bypass")
            parts.append("detail=store-unavailable")
        case _:
            parts.append("fwd=miss")
    if lookup.fill is FillOutcome.STORED:
        parts.append("stored")
    elif lookup.fill is not None:
        parts.append(f"detail=fill-{lookup.fill.value}")
    if lookup.refresh:
        parts.append("detail=refresh")
    return "; ".join(parts)


def _timing(lookup: Lookup) -> str:
    parts = []
    if lookup.cache_seconds is not None:
        parts.append(f"cache;dur={lookup.cache_seconds * 1000:.3f}")
    if lookup.store_seconds is not None:
        parts.append(f"store;dur={lookup.store_seconds * 1000:.3f}")
    return ", ".join(parts)

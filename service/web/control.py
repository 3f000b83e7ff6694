"""The run-time knobs over HTTP: settings, clearing the cache, filling the catalogue."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Flask, jsonify
from flask.typing import ResponseReturnValue

from service.domain.catalogue import MAX_ITEMS
from service.domain.live_knobs import LiveKnobs
from service.web.authorization import require_authorized
from service.web.problems import RefusedError
from service.web.request_body import read_json_object


def install(  # noqa: PLR0913, PLR0917 - the parts are joined here
    app: Flask,
    knobs: LiveKnobs,
    change: Callable[[Mapping[str, object]], None],
    clear: Callable[[], int],
    fill_catalogue: Callable[[int], int],
    token: str | None,
) -> None:
    """Give the app its control API.

    Args:
        app: Gets the routes.
        knobs: What is in force.
        change: Changes knobs everywhere; raises KnobError.
        clear: Empties the cache of our own keys and gives their number.
        fill_catalogue: Makes ids 1 to N exist and gives how many are new.
        token: Asked of every request; None takes requests of this machine only.
    """
    pages = Blueprint("control", __name__, url_prefix="/control")
    pages.before_request(lambda: require_authorized(token))

    def shown() -> ResponseReturnValue:
        return jsonify(version=knobs.version, settings=knobs.current.as_json_object())

    @pages.get("/settings")
    def get_settings() -> ResponseReturnValue:
        return shown()

    @pages.patch("/settings")
    def patch_settings() -> ResponseReturnValue:
        change(read_json_object())
        return shown()

    @pages.delete("/cache")
    def delete_cache() -> ResponseReturnValue:
        return jsonify(deleted=clear())

    @pages.put("/catalogue")
    def put_catalogue() -> ResponseReturnValue:
        items = _items(read_json_object())
        fill_catalogue(items)
        return jsonify(items=items)

    app.register_blueprint(pages)


def _items(body: dict[str, Any]) -> int:
    for name in body:
        if name != "items":
            raise RefusedError(400, f"unknown name {name[:60]!r}; there is items", name[:60])
    items = body.get("items")
    if type(items) is not int or not 1 <= items <= MAX_ITEMS:
        raise RefusedError(400, f"items must be a whole number from 1 to {MAX_ITEMS}", "items")
    return items

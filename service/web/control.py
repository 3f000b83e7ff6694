"""Control over HTTP: the run-time knobs, clearing the cache, filling the catalogue."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Flask, jsonify
from flask.typing import ResponseReturnValue

from service.domain.catalogue import MAX_ITEMS
from service.domain.live_knobs import LiveKnobs
from service.web.problems import RefusedError
from service.web.requests import read_json_object, require_authorized
from service.web.turns import fill_turns

ONLY_HERE = (
    "in force in this process only, because Redis did not store it; it reaches the others when "
    "Redis answers again, unless they were changed meanwhile"
)


def install(  # noqa: PLR0913, PLR0917 - one argument for each thing that is controlled
    app: Flask,
    knobs: LiveKnobs,
    change: Callable[[Mapping[str, object]], str | None],
    clear: Callable[[], int],
    fill_catalogue: Callable[[int], int],
    token: str | None,
) -> None:
    """Add the control API to the app.

    Args:
        app: Receives the routes.
        knobs: The knobs in force.
        change: Changes knobs and returns why in this process only, if so; raises KnobError.
        clear: Deletes our keys from the cache and returns how many.
        fill_catalogue: Creates the rows missing among ids 1 to N and returns how many.
        token: Required of every request; None accepts only requests from this machine.
    """
    pages, filling = Blueprint("control", __name__, url_prefix="/control"), fill_turns()
    pages.before_request(lambda: require_authorized(token))

    def knobs_in_force(**more: str) -> ResponseReturnValue:
        return jsonify(version=knobs.version, settings=knobs.current.as_json_object(), **more)

    @pages.get("/settings")
    def get_settings() -> ResponseReturnValue:
        return knobs_in_force()

    @pages.patch("/settings")
    def patch_settings() -> ResponseReturnValue:
        unshared = change(read_json_object())
        return knobs_in_force() if unshared is None else knobs_in_force(warning=ONLY_HERE)

    @pages.delete("/cache")
    def delete_cache() -> ResponseReturnValue:
        return jsonify(deleted=clear())

    @pages.put("/catalogue")
    def put_catalogue() -> ResponseReturnValue:
        items = _items(read_json_object())
        with filling.turn():
            fill_catalogue(items)
        return jsonify(items=items)

    app.register_blueprint(pages)


def _items(body: dict[str, Any]) -> int:
    for name in body:
        if name != "items":
            raise RefusedError(400, f"unknown name {name[:60]!r}; the only one is items", name[:60])
    items = body.get("items")
    if type(items) is not int or not 1 <= items <= MAX_ITEMS:
        raise RefusedError(400, f"items must be a whole number from 1 to {MAX_ITEMS}", "items")
    return items

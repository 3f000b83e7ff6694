"""The OpenAPI document of the service, built from the ranges that its parts check."""

from dataclasses import fields
from typing import Any

from flask import Blueprint, Flask, jsonify
from flask.typing import ResponseReturnValue

from service.domain.catalogue import MAX_ITEMS
from service.domain.fruit import MAX_ID, MAX_NAME_CHARACTERS, MAX_QUANTITY, MAX_STORED_QUANTITY
from service.domain.knobs import CHOICES, NUMBERS, Knobs
from service.domain.lookup import LookupResult

Schema = dict[str, Any]

LOOKUP_HEADERS: Schema = {
    "X-Cache": {"schema": {"enum": [result.name for result in LookupResult]}, "required": True},
    "Cache-Status": {"schema": {"type": "string"}, "required": True},
    "Server-Timing": {"schema": {"type": "string"}, "required": True},
    "Cache-Control": {"schema": {"const": "no-store"}, "required": True},
    "Age": {"schema": {"type": "string", "pattern": "^[0-9]+$"}},
}
WRITE_HEADERS: Schema = {
    "Cache-Status": {"schema": {"type": "string"}, "required": True},
    "Cache-Control": {"schema": {"const": "no-store"}, "required": True},
}
# A value that is refused is a 400 whether JSON Schema can say so or not: 1.0 is an integer there.
WRITE_REFUSALS = {
    "400": "not one JSON object, or a value out of its range",
    "401": "no token, or not from this machine",
    "403": "from a proxy or a page of another site",
    "413": "a body of more than 16 KiB",
    "415": "not declared as JSON",
}


def install(app: Flask) -> None:
    """Add /openapi.json to the app."""
    pages = Blueprint("openapi", __name__)
    described = document()

    @pages.get("/openapi.json")
    def show_document() -> ResponseReturnValue:
        return jsonify(described)

    app.register_blueprint(pages)


def document() -> Schema:
    """Return the OpenAPI document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "cacheaside",
            "version": "0.1.0",
            "description": "A cache-aside service: Redis in front of a database.",
        },
        "paths": {
            "/": {"get": _read("the front page", {"type": "object"})},
            "/fruit/{id}": _fruit(),
            "/livez": {"get": _read("whether the process runs", _object(live={"const": True}))},
            "/readyz": {"get": _ready()},
            "/metrics": {"get": _metrics()},
            "/openapi.json": {"get": _read("this document", {"type": "object"})},
            "/control/settings": {"get": _get_settings(), "patch": _patch_settings()},
            "/control/cache": {"delete": _clear_cache()},
            "/control/catalogue": {"put": _fill_catalogue()},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Problem": _object(error={"type": "string"}, field={"type": ["string", "null"]}),
                "Knobs": {
                    "type": "object",
                    "properties": {field.name: _knob(field.name) for field in fields(Knobs)},
                    "additionalProperties": False,
                },
            },
        },
    }


def _fruit() -> Schema:
    row = _object(
        id={"type": "integer", "minimum": 1, "maximum": MAX_ID},
        name={"type": ["string", "null"]},
        quantity={"type": ["integer", "null"], "maximum": MAX_STORED_QUANTITY},
    )
    written = _object(
        name={"type": "string", "minLength": 1, "maxLength": MAX_NAME_CHARACTERS},
        quantity={"type": "integer", "minimum": 0, "maximum": MAX_QUANTITY},
    )
    answer = _json("the row as written", _object(data=row), WRITE_HEADERS)
    lookup = _object(data=row, from_cache={"type": "boolean"})
    not_accepted = {
        "422": _problem("the table does not accept the value"),
        "503": _unavailable("the store is not available"),
    }
    return {
        "parameters": [
            {
                "name": "id",
                "in": "path",
                "required": True,
                "schema": {"type": "integer", "minimum": 1, "maximum": MAX_ID},
            }
        ],
        "get": {
            "summary": "look up a fruit",
            "responses": {
                "200": _json("the row", lookup, LOOKUP_HEADERS),
                "404": _problem("no such fruit, or no id"),
                "503": _unavailable("the store is not available, and the cache has no entry"),
            },
        },
        "put": {
            "summary": "write a fruit, then invalidate its entry",
            "security": [{"token": []}],
            "requestBody": _body(written),
            "responses": {
                "200": answer,
                "201": answer,
                "404": _problem("no id"),
                **_refusals(),
                **not_accepted,
            },
        },
        "delete": {
            "summary": "delete a fruit, then invalidate its entry",
            "security": [{"token": []}],
            "responses": {
                "204": {"description": "deleted", "headers": WRITE_HEADERS},
                "404": _problem("no such fruit, or no id"),
                **_refusals("401", "403"),
                **not_accepted,
            },
        },
    }


def _knob(name: str) -> Schema:
    if name in NUMBERS:
        return {"type": "number", "minimum": NUMBERS[name].low, "maximum": NUMBERS[name].high}
    return {"enum": [str(choice) for choice in CHOICES[name]]}


def _settings() -> Schema:
    knobs = {"$ref": "#/components/schemas/Knobs"}
    return _object(version={"type": "integer", "minimum": 0}, settings=knobs)


def _get_settings() -> Schema:
    operation = _read("the knobs in force", _settings())
    operation["responses"] |= _refusals("401", "403")
    return {**operation, "security": [{"token": []}]}


def _patch_settings() -> Schema:
    answer = _settings()
    answer["properties"]["warning"] = {"type": "string"}  # While Redis does not store them.
    operation = _read("change knobs in every process", answer)
    operation["responses"] |= _refusals()
    operation["responses"]["503"] = _problem("others change them, or too many bodies are awaited")
    body = _body({"$ref": "#/components/schemas/Knobs"})
    return {**operation, "security": [{"token": []}], "requestBody": body}


def _clear_cache() -> Schema:
    deleted = _object(deleted={"type": "integer", "minimum": 0})
    operation = _read("delete our keys from the cache", deleted)
    operation["responses"] |= _refusals("401", "403")
    operation["responses"]["503"] = _problem("the cache is not available")
    return {**operation, "security": [{"token": []}]}


def _fill_catalogue() -> Schema:
    items = _object(items={"type": "integer", "minimum": 1, "maximum": MAX_ITEMS})
    operation = _read("make ids 1 to N exist", items)
    operation["responses"] |= _refusals()
    operation["responses"]["503"] = _unavailable("the store is not available")
    return {**operation, "security": [{"token": []}], "requestBody": _body(items)}


def _ready() -> Schema:
    checks = {"type": "object", "additionalProperties": {"type": "string"}}
    page = _object(ready={"type": "boolean"}, checks=checks, near={"type": "string"})
    operation = _read("whether the process can serve", page)
    operation["responses"]["503"] = _json("it cannot, and why", page)
    return operation


def _metrics() -> Schema:
    names = {"type": "array", "items": {"type": "string"}}
    return {
        "summary": "the metrics, or those of some names",
        "parameters": [{"name": "name[]", "in": "query", "schema": names}],
        "responses": {
            "200": {
                "description": "Prometheus' text format",
                "content": {"text/plain": {"schema": {"type": "string"}}},
            }
        },
    }


def _read(summary: str, schema: Schema) -> Schema:
    return {"summary": summary, "responses": {"200": _json(summary, schema)}}


def _json(description: str, schema: Schema, headers: Schema | None = None) -> Schema:
    response: Schema = {
        "description": description,
        "content": {"application/json": {"schema": schema}},
    }
    return response | ({"headers": headers} if headers else {})


def _body(schema: Schema) -> Schema:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _problem(description: str) -> Schema:
    return _json(description, {"$ref": "#/components/schemas/Problem"})


def _unavailable(description: str) -> Schema:
    response = _problem(description)
    response["headers"] = {"Retry-After": {"schema": {"type": "string"}}}
    return response


def _refusals(*statuses: str) -> Schema:
    return {status: _problem(WRITE_REFUSALS[status]) for status in statuses or WRITE_REFUSALS}


def _object(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }

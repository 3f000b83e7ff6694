"""The JSON object in a request's body, read strictly."""

import json
from typing import Any, NoReturn

from flask import request

from service.web.problems import RefusedError

MAX_BODY_BYTES = 16 * 1024


def read_json_object() -> dict[str, Any]:
    """Read the body of the current request.

    Raises:
        RefusedError: 415 when it is not declared as JSON, 413 when it is longer than 16 KiB,
            400 when it is not one JSON object with each name once.
    """
    if request.mimetype != "application/json":
        raise RefusedError(415, "send JSON, with Content-Type: application/json")
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise RefusedError(413, f"the body may have {MAX_BODY_BYTES} bytes at most")
    body = request.stream.read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        raise RefusedError(413, f"the body may have {MAX_BODY_BYTES} bytes at most")
    try:
        value = json.loads(
            body.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:
        raise RefusedError(400, f"the body is not JSON: {error}"[:200]) from None
    if not isinstance(value, dict):
        raise RefusedError(400, "the body must be one JSON object")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return names


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")

"""Calls of the services' control API: knobs and catalogue."""

import json
import time
import urllib.request
from typing import Any


def call(url: str, method: str, path: str, document: object = None) -> Any:
    body = None if document is None else json.dumps(document).encode()
    request = urllib.request.Request(url + path, data=body, method=method)
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


def set_knobs(urls: list[str], **knobs: float | str) -> None:
    """Change knobs and wait until they are in force in every process."""
    version = call(urls[0], "PATCH", "/control/settings", knobs)["version"]
    deadline = time.monotonic() + 10
    while any(call(url, "GET", "/control/settings")["version"] < version for url in urls):
        assert time.monotonic() < deadline, f"settings {version} did not reach all of {urls}"
        time.sleep(0.05)


def fill_catalogue(url: str, items: int) -> None:
    """Fill the catalogue so that ids 1 to `items` exist."""
    call(url, "PUT", "/control/catalogue", {"items": items})

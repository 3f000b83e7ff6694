"""What the load generator asks of the service besides lookups: control and counters."""

import http.client
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from loadtests.service_under_test.urls import DIRECT

_TIMEOUT_SECONDS = 10.0
_FILL_TIMEOUT_SECONDS = 600.0
_SPREAD_SECONDS = 3.0
_POLL_SECONDS = 0.05
_SAMPLE = re.compile(r"^(\w+)(?:\{([^}]*)\})? (\S+)$")

Knob = float | int | str


class ServiceError(Exception):
    """The service cannot be used as it is; the message is for the user."""


class ServiceClient:
    """Speaks to all replicas of one service; they share settings and catalogue.

    Args:
        urls: One for each replica, without a trailing slash.
        token: Sent as bearer token; None where loopback needs none.
    """

    def __init__(self, urls: tuple[str, ...], token: str | None) -> None:
        self._urls = urls
        self._token = token

    def settings(self) -> dict[str, Knob]:
        """Return the knobs in force.

        Raises:
            ServiceError: It cannot be reached or refuses the token.
        """
        return self._settings("GET", self._urls[0])

    def check(self) -> None:
        """Make sure that every replica answers and takes our token.

        Raises:
            ServiceError: One does not.
        """
        for url in self._urls:
            self._settings("GET", url)

    def change(self, knobs: Mapping[str, Knob]) -> dict[str, Knob]:
        """Set knobs and return all that are in force then, once every replica has them.

        Raises:
            ServiceError: One was refused, in the service's own sentence; or a replica has other
                knobs still.
        """
        in_force = self._settings("PATCH", self._urls[0], knobs)
        changed = {key: value for key, value in in_force.items() if key in knobs}
        for url in self._urls[1:]:
            self._await(url, changed)
        return in_force

    def clear_cache(self) -> None:
        """Delete the service's own keys.

        Raises:
            ServiceError: They could not be deleted.
        """
        self._json("DELETE", self._urls[0], "/control/cache")

    def fill_catalogue(self, items: int) -> None:
        """Make the ids 1 … *items* exist.

        Raises:
            ServiceError: They could not be made.
        """
        self._json("PUT", self._urls[0], "/control/catalogue", {"items": items})

    def counter(self, name: str) -> float | None:
        """Return counter *name* summed over labels and replicas, None where one is silent."""
        total = 0.0
        for url in self._urls:
            try:
                text = self._send("GET", url, f"/metrics?name[]={name}", None).decode()
            except ServiceError:
                return None
            samples = filter(None, map(_SAMPLE.match, text.splitlines()))
            total += sum(float(match[3]) for match in samples if match[1] == name)
        return total

    def _await(self, url: str, knobs: Mapping[str, Knob]) -> None:
        deadline = time.monotonic() + _SPREAD_SECONDS
        while not knobs.items() <= self._settings("GET", url).items():
            if time.monotonic() > deadline:
                raise ServiceError(
                    f"service {url} did not take over the settings of {self._urls[0]} within"
                    f" {_SPREAD_SECONDS:g} s; give replicas of one service, on one Redis"
                )
            time.sleep(_POLL_SECONDS)

    def _settings(
        self, method: str, url: str, knobs: Mapping[str, Knob] | None = None
    ) -> dict[str, Knob]:
        settings = self._json(method, url, "/control/settings", knobs).get("settings")
        if not isinstance(settings, dict):
            raise ServiceError(f"{url} has no settings as the service does; check the URL")
        return settings

    def _json(
        self, method: str, url: str, path: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        raw = self._send(method, url, path, body)
        try:
            answer = json.loads(raw)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise ServiceError(
                f"{url} did not answer {method} {path} as the service does; check the URL"
            )
        return answer

    def _send(self, method: str, url: str, path: str, body: Mapping[str, Any] | None) -> bytes:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(url + path, data, headers, method=method)  # noqa: S310 - scheme checked by load_settings
        timeout = _FILL_TIMEOUT_SECONDS if path.endswith("catalogue") else _TIMEOUT_SECONDS
        try:
            with DIRECT.open(request, timeout=timeout) as response:
                return bytes(response.read())
        except urllib.error.HTTPError as error:
            raise ServiceError(_refusal(url, method, path, error)) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise ServiceError(
                f"service {url} cannot be reached: {reason}; start it or give another --service-url"
            ) from None


def _refusal(url: str, method: str, path: str, error: urllib.error.HTTPError) -> str:
    if error.code in (401, 403):
        return (
            f"service {url} refused our control token;"
            " set CONTROL_TOKEN in the environment to the service's"
        )
    try:
        sentence = json.loads(error.read())["error"]
    except (ValueError, KeyError, TypeError, OSError):
        sentence = f"status {error.code}; is this the service?"
    return f"service {url} refused {method} {path}: {sentence}"

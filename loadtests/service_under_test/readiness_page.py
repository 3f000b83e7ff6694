"""What a service says of itself on /readyz."""

import http.client
import json

from loadtests.service_under_test.connections import Connections
from loadtests.service_under_test.control_token import bearer_header

_PATIENCE_SECONDS = 2.0


def readiness_problem(url: str, token: str | None) -> str | None:
    """Return why a service is not ready, in its own words; None if it is ready.

    With the token it names the cause: a wrong password, a refused command.

    Args:
        url: The service's, without a path of a page.
        token: Of its control API; None reads the page as a stranger.
    """
    connections = Connections(bearer_header(token))
    try:
        response, body = connections.send("GET", url, "/readyz", None, _PATIENCE_SECONDS)
    except (OSError, http.client.HTTPException) as error:
        return f"it does not answer ({error or type(error).__name__})"
    finally:
        connections.close()
    if response.status == http.client.OK:
        return None
    return _problems(body) or f"/readyz answers {response.status}"


def _problems(body: bytes) -> str:
    try:
        checks = json.loads(body)["checks"].items()
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return ""
    return "; ".join(f"{name}: {problem}" for name, problem in checks if problem != "ok")

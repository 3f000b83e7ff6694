"""Asks one page of a server whether it answers."""

import http.client
import urllib.error
import urllib.request

# Servers of this machine are not behind the proxy that the environment may name.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def page_answers(url: str) -> bool:
    """Tell whether a page answers with success within 2 s."""
    try:
        with _OPENER.open(url, timeout=2) as answer:
            status: int = answer.status
    except (OSError, http.client.HTTPException):
        return False
    return 200 <= status < 300

"""Asks one page of a server whether it answers."""

import http.client

from loadtests.direct import DIRECT


def page_answers(url: str) -> bool:
    """Tell whether a page answers with success within 2 s."""
    try:
        with DIRECT.open(url, timeout=2) as answer:
            status: int = answer.status
    except (OSError, http.client.HTTPException):
        return False
    return 200 <= status < 300

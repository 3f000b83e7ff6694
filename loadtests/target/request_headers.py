"""The headers of a request to a target: its own, and those that every request has."""

from collections.abc import Mapping

USER_AGENT = "cacheaside-loadtests"


def request_headers(body: str, own: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a request with a body; a header of one's own goes before ours.

    Args:
        body: The body, or what it is made from; a JSON object or array is named as JSON.
        own: The headers that were told, with their secrets.
    """
    usual = {"User-Agent": USER_AGENT}
    if is_json(body):
        usual["Content-Type"] = "application/json"
    return joined(usual, own)


def joined(headers: Mapping[str, str], others: Mapping[str, str]) -> dict[str, str]:
    """Return headers with others that go before them; small and large letters are the same."""
    given = {name.lower() for name in others}
    kept = {name: text for name, text in headers.items() if name.lower() not in given}
    return kept | dict(others)


def is_json(body: str) -> bool:
    """Return whether a body begins as an object or an array of JSON does."""
    return body.lstrip().startswith(("{", "["))

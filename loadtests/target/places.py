"""Places in braces: {key}, {ttl} in seconds, {ttl_ms} in milliseconds; other names are refused."""

import re
from collections.abc import Iterable

from loadtests.target.key_source import TargetError

KEY = "{key}"
TTL = "{ttl}"
TTL_MS = "{ttl_ms}"
_IN_BRACES = re.compile(r"\$?\{[\w.: -]*\}")


def holds_ttl(text: str) -> bool:
    """Return whether a text says where the TTL stands."""
    return TTL in text or TTL_MS in text


def with_ttl(text: str, seconds: float) -> str:
    """Return a text with the TTL in its places, to the millisecond and without an exponent."""
    return text.replace(TTL, f"{seconds:.15g}").replace(TTL_MS, str(round(seconds * 1000)))


def refuse_unknown_places(text: str, known: Iterable[str], place: str) -> None:
    """Refuse a name in braces that would be sent as it is written.

    Args:
        text: Such as a URL.
        known: The places that it may hold; variables, as ${NAME}, are another's to check.
        place: Where it stands, for the message.

    Raises:
        TargetError: It holds another.
    """
    known = tuple(known)
    rest = text
    for each in known:
        rest = rest.replace(each, "")  # So that {{key}} is found too: it would be sent as {5}.
    for found in _IN_BRACES.findall(rest):
        if not found.startswith("$"):
            allowed = f"only {' and '.join(known)}" if known else "no name"
            raise TargetError(
                f"{place} may hold {allowed} in braces, got {found!r}, which would be sent as it"
                " is; correct it, or write %7B and %7D if the service wants braces"
            )

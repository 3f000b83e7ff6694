"""Where the TTL stands in what sets it: {ttl} in seconds, {ttl_ms} in milliseconds."""

TTL = "{ttl}"
TTL_MS = "{ttl_ms}"


def holds_ttl(text: str) -> bool:
    """Return whether a text says where the TTL stands."""
    return TTL in text or TTL_MS in text


def with_ttl(text: str, seconds: float) -> str:
    """Return a text with the TTL in its places, to the millisecond and without an exponent."""
    return text.replace(TTL, f"{seconds:.15g}").replace(TTL_MS, str(round(seconds * 1000)))

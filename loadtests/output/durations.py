"""Durations as text for people."""

_TIMES = ((86_400.0, "d"), (3600.0, "h"), (60.0, "min"))


def duration_text(seconds: float) -> str:
    """Return a duration in the largest unit that it fills."""
    for size, unit in _TIMES:
        if seconds >= 2 * size or seconds == size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.4g} s"

"""Figures as text for people: one way to write percent, milliseconds and what is unknown."""

UNKNOWN = "–"  # noqa: RUF001 - the sign for unknown in every table
UNKNOWN_WORD = "unknown"
"""What stands for an unknown figure within a sentence."""


def number_text(
    value: float | None,
    decimals: int = 1,
    *,
    factor: float = 1.0,
    unit: str = "",
    unknown: str = UNKNOWN,
) -> str:
    """Return *value* times *factor* with its unit, or the text for unknown."""
    return unknown if value is None else f"{value * factor:.{decimals}f}{unit}"


def percent_text(ratio: float | None, unknown: str = UNKNOWN) -> str:
    """Return a ratio as percent with one decimal."""
    return number_text(ratio, factor=100.0, unit=" %", unknown=unknown)


def ratio_text(ratio: float | None) -> str:
    """Return a ratio between 0 and 1 with three decimals."""
    return number_text(ratio, 3)


def count_text(count: int | None) -> str:
    """Return a whole number."""
    return UNKNOWN if count is None else str(count)


def milliseconds_text(seconds: float | None, fewest_decimals: int = 0) -> str:
    """Return seconds as milliseconds with three significant digits, without the unit.

    Args:
        seconds: None where unknown.
        fewest_decimals: More than three digits are written where this many decimals ask for it.
    """
    if seconds is None:
        return UNKNOWN
    decimals = 2 if seconds < 0.01 else 1 if seconds < 0.1 else 0
    return number_text(seconds, max(decimals, fewest_decimals), factor=1000.0)

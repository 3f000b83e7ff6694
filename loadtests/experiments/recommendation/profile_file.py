"""Reads what `profile` wrote, and requires every number that a recommendation is made of."""

import itertools
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from loadtests.experiments.records.record_file import require_file

_POINT = ("ttl_seconds", "hit_ratio", "store_reads_per_second", "live_entries_peak")
_POSSIBLE = ("hit_ratio_error", "live_bytes_peak")
_CLASS_POINT = ("ttl_seconds", "hit_ratio")


def read_profile(file: Path) -> Mapping[str, Any]:
    """Return a profile.

    Raises:
        OSError: The file cannot be read.
        ValueError: It holds something else.
    """
    require_file(file)
    try:
        profile: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        _require_numbers((profile,), ("requests", "ceiling"))
        _require_curve(profile["curve"], _POINT)
        for point in profile["curve"]:
            _require_numbers((point,), [name for name in _POSSIBLE if point.get(name) is not None])
        for part in profile["classes"] or ():
            _require_numbers((part,), ("reads",))
            _require_curve(part["curve"], _CLASS_POINT)
    except (LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None
    return profile


def _require_curve(points: list[Mapping[str, Any]], names: Iterable[str]) -> None:
    _require_numbers(points, names)
    ttls = [0.0, *(point["ttl_seconds"] for point in points)]
    if len(ttls) < 2 or any(later <= earlier for earlier, later in itertools.pairwise(ttls)):
        raise ValueError("TTLs that do not rise from above 0")


def _require_numbers(places: Iterable[Mapping[str, Any]], names: Iterable[str]) -> None:
    for place in places:
        for name in names:
            if isinstance(place[name], bool) or not math.isfinite(place[name]):
                raise TypeError(f"{name} is no number")

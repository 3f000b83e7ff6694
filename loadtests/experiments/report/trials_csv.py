"""The trials of a sweep as a tidy table for other programs: one row each, units in the names."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from loadtests.experiments.figures.results import RunResults, as_json
from loadtests.service_under_test.contract import SERVICE_RESULTS

_UNITS = {
    "target_rate": "target_lookups_per_second",
    "achieved_rate": "achieved_lookups_per_second",
}
"""Names that say no unit, and those that do."""

_APART = {"knobs", "values", "results", "doubts"}
"""What takes several columns, or is put in other words."""


def trials_csv(results: RunResults) -> str:
    """Return a row for each trial; an empty cell is unknown."""
    rows = [
        _row(trial, results.records[trial["number"]].trial.seed)
        for trial in as_json(results, None)["trials"]
    ]
    text = io.StringIO()
    writer = csv.DictWriter(text, _names(rows), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _row(trial: Mapping[str, Any], seed: int) -> dict[str, Any]:
    results = trial["results"] or dict.fromkeys(SERVICE_RESULTS)
    figures = {_UNITS.get(name, name): value for name, value in trial.items() if name not in _APART}
    return {
        "trial": figures.pop("number"),
        "ttl_seconds": figures.pop("ttl_seconds"),
        "repetition": figures.pop("repetition"),
        "seed": seed,
        **{f"axis_{name}": value for name, value in trial["values"].items()},
        **figures,
        **{f"lookups_{word}": results[word] for word in SERVICE_RESULTS},
        "doubts": " ".join(dict.fromkeys(doubt["kind"] for doubt in trial["doubts"])),
        **{f"knob_{name}": value for name, value in trial["knobs"].items()},
    }


def _names(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return every column; an aborted trial may lack those of the knobs."""
    longest = sorted(rows, key=len, reverse=True)
    return list(dict.fromkeys(name for row in longest for name in row))

"""Makes the rows of the Cache tab and of its CSV: headlines, then one row for each result."""

from collections.abc import Iterable

from loadtests.output.figure_text import UNKNOWN, milliseconds_text, number_text, percent_text
from loadtests.page.snapshot import View
from loadtests.sender.histogram import Histogram
from loadtests.sender.samples import RESULTS
from loadtests.sender.tallies import Clocks, Tallies

COLUMNS = (
    ("name", "Result"),
    ("count", "Count"),
    ("share", "Share"),
    ("response_p50_ms", "Response p50 (ms)"),
    ("response_p95_ms", "p95"),
    ("response_p99_ms", "p99"),
    ("service_p50_ms", "Service p50 (ms)"),
    ("service_p95_ms", "p95"),
    ("service_p99_ms", "p99"),
)
"""Key and title of each column; the tab sorts rows by name, so headlines begin with a capital."""

_QUANTILES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))

Row = dict[str, str]


def cache_rows(view: View) -> list[Row]:
    """Return the rows of the tab, every cell as text ready to show."""
    tallies = view.shown
    by_result = _by_result(tallies)
    total = sum(clocks.response.count for clocks in by_result.values())
    rows = [_row("All lookups", _merged(by_result.values()), total)]
    rows += [
        _headline("Hit ratio, last 10 s", share=percent_text(view.recent_hit_ratio)),
        _headline("Hit ratio, predicted", share=percent_text(view.predicted_hit_ratio)),
        _headline("Hit ratio, whole run", share=percent_text(tallies.hit_ratio())),
        _headline("Slip", **_times("response", tallies.slip)),
        _headline("Store queries a second", count=number_text(view.store_queries_per_second)),
    ]
    rows += [*_write_rows(tallies), *_staleness_rows(view)]
    rows += [_row(word, by_result[word], total) for word in RESULTS if word in by_result]
    return rows


def _write_rows(tallies: Tallies) -> list[Row]:
    lost = tallies.failed_writes + tallies.dropped_writes
    if not tallies.writes + lost:
        return []
    return [
        _headline("Writes acknowledged", count=str(tallies.writes)),
        _headline("Writes failed or dropped", count=str(lost)),
    ]


def _staleness_rows(view: View) -> list[Row]:
    tallies = view.shown
    if not tallies.judged_reads:
        return [_headline("Stale reads")]
    share = percent_text(tallies.stale_reads / tallies.judged_reads)
    stale = _headline("Stale reads", count=str(tallies.stale_reads), share=share)
    ages = _headline("Staleness of stale reads", **_times("response", tallies.staleness))
    impossible = tallies.impossible_reads(fenced=view.fenced)
    return [stale, ages, _headline("Impossible reads", count=str(impossible))]


def _by_result(tallies: Tallies) -> dict[str, Clocks]:
    grouped: dict[str, list[Clocks]] = {}
    for (_, result), clocks in tallies.by_row.items():
        grouped.setdefault(result, []).append(clocks)
    return {result: _merged(parts) for result, parts in grouped.items()}


def _merged(parts: Iterable[Clocks]) -> Clocks:
    total = Clocks()
    for clocks in parts:
        total.response.merge(clocks.response)
        total.service.merge(clocks.service)
    return total


def _row(name: str, clocks: Clocks, total: int) -> Row:
    count = clocks.response.count
    return _headline(
        name,
        count=str(count),
        share=percent_text(count / total if total else None),
        **_times("response", clocks.response),
        **_times("service", clocks.service),
    )


def _headline(name: str, **cells: str) -> Row:
    return {key: UNKNOWN for key, _ in COLUMNS} | {"name": name} | cells


def _times(clock: str, histogram: Histogram) -> Row:
    return {
        f"{clock}_{name}_ms": milliseconds_text(histogram.quantile(ratio), fewest_decimals=1)
        for name, ratio in _QUANTILES
    }

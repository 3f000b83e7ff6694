"""Makes the two tables of the Cache tab: the run in words and numbers, and its results by row."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from loadtests.output.figure_text import milliseconds_text, number_text, percent_text
from loadtests.page.snapshot import View
from loadtests.page.why_unknown import why_cold, why_no_prediction, why_no_ratio
from loadtests.prediction.stale_reads import Staleness
from loadtests.replay.replay_so_far import ReplaySoFar
from loadtests.run.run_parts import PartFigures
from loadtests.sender.histogram import Histogram
from loadtests.sender.oracle import VISIBLE_SECONDS
from loadtests.sender.samples import RESULTS
from loadtests.sender.tallies import Clocks, Tallies
from loadtests.service_under_test.contract import hit_ratio, near_ratio

COLUMNS = (
    ("name", "Result"),
    ("count", "Count"),
    ("share", "Share"),
    ("response_p50_ms", "Response p50, ms"),
    ("response_p95_ms", "Response p95, ms"),
    ("response_p99_ms", "Response p99, ms"),
    ("service_p50_ms", "Service p50, ms"),
    ("service_p95_ms", "Service p95, ms"),
    ("service_p99_ms", "Service p99, ms"),
)
"""Key and title of each column of the results."""

MEANINGS = {
    "hit": "the cache had an entry",
    "near": "the service's own process had a copy of the entry",
    "stale": "a soft-expired entry was served while one load refreshed it",
    "negative": "the cache knew that the id does not exist",
    "miss": "this request loaded from the store",
    "coalesced": "this request waited for another one's load",
    "bypass": "the cache was off or unreachable",
    "error": "neither cache nor store could answer",
    "failed": "no valid answer came",
    "dropped": "it waited too long for a slot and was never sent",
    "unknown": "the answer did not say whether it came from a cache",
}
"""What each result means."""

_QUANTILES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))

Row = dict[str, str]


@dataclass(frozen=True)
class Line:
    """One line about the run; each has a value, and none is a dash.

    Attributes:
        name: What it says.
        value: The figure, or why there is none.
        note: What the figure means.
    """

    name: str
    value: str
    note: str = ""


def run_lines(view: View) -> list[Line]:
    """Return the run in words and numbers."""
    tallies = view.shown
    recent = percent_text(view.recent_hit_ratio, why_no_ratio(view))
    predicted = percent_text(view.predicted_hit_ratio, why_no_prediction(view))
    return [
        *([Line("Target", view.target)] if view.target else []),
        Line("Hit ratio, last 10 s", recent),
        Line("Hit ratio, predicted", predicted, "by theory, once the cache is warm"),
        *_near_lines(view),
        *_part_lines(view),
        *_rate_lines(view),
        *_slip_lines(tallies),
        *_store_lines(view),
        *_write_lines(tallies),
        *_staleness_lines(view),
    ]


def answer_lines(view: View) -> list[Line]:
    """Return what the answers of a run tell, where nothing else is known of its service."""
    return [
        Line("Hit ratio, last 10 s", percent_text(view.recent_hit_ratio, why_no_ratio(view))),
        Line("Hit ratio, whole run", percent_text(view.tallies.hit_ratio(), why_no_ratio(view))),
        *_rate_lines(view),
        *_slip_lines(view.shown),
    ]


def result_rows(view: View) -> list[Row]:
    """Return a row for each result that occurred, and one for all; every cell is text."""
    by_result = _by_result(view.shown)
    total = sum(clocks.response.count for clocks in by_result.values())
    rows = [_row(word, by_result[word], total) for word in RESULTS if word in by_result]
    return [*rows, _row("all lookups", _merged(by_result.values()), total)] if rows else []


def _near_lines(view: View) -> Iterator[Line]:
    """Yield how many lookups the processes answer by themselves, if any do or should."""
    near = near_ratio(view.tallies.results())
    if near or view.predicted_near_ratio is not None:
        note = "answered by the service's own processes, whole run" + _predicted(
            percent_text(view.predicted_near_ratio, "")
        )
        yield Line("Near share", percent_text(near, "no lookups of the cache yet"), note)


def _part_lines(view: View) -> Iterator[Line]:
    """Yield the hit ratio of each part of the run, or how long its cache is still cold."""
    start = "begun with an empty cache" if view.began_empty else "begun with the cache as it was"
    for number, figures in enumerate(view.parts):
        part = figures.part
        since = f" since {part.begins:.0f} s" if number else ""
        is_past = number < len(view.parts) - 1
        note = ", ".join(part.changes) or start
        if not figures.is_cold:
            note = f"from {part.warm_from:.0f} s on; {note}"
        if is_past:
            note += f"; predicted {percent_text(part.predicted_hit_ratio, 'nothing')}"
            since = f", {part.begins:.0f} to {figures.ends:.0f} s"
        yield Line(f"Hit ratio, warm{since}", _warm_text(view, figures, is_past=is_past), note)
    if view.parts:
        whole = percent_text(view.tallies.hit_ratio(), why_no_ratio(view))
        note = "with the time in which the cache was cold"
        yield Line("Hit ratio, whole run", whole, note)
    if view.replay is not None:
        yield from _replay_line(view, view.replay)


def _replay_line(view: View, replay: ReplaySoFar) -> Iterator[Line]:
    """Yield what the replay gives for the time that it has reached, beside what was measured."""
    begins = replay.known_from
    if begins is None:
        return
    replayed = replay.hit_ratio(begins, replay.seconds)
    measured = hit_ratio(view.tallies.timeline.between(begins, replay.seconds))
    if replayed is not None and measured is not None:
        note = (
            f"what the same arrivals should find in the cache from {begins:.0f} to"
            f" {replay.seconds:.0f} s; measured then {percent_text(measured)}"
        )
        yield Line("Hit ratio, replayed", percent_text(replayed), note)


def _warm_text(view: View, figures: PartFigures, *, is_past: bool) -> str:
    if figures.is_cold:
        return why_cold(view, figures, is_past=is_past)
    return percent_text(figures.warm_hit_ratio, why_no_ratio(view))


def _rate_lines(view: View) -> Iterator[Line]:
    if view.parts and view.target_rate:
        yield Line("Target rate", f"{view.target_rate:g} arrivals/s")
    if view.tallies.dropped or view.tallies.failed:
        lost = f"{view.tallies.failed} failed, {view.tallies.dropped} dropped"
        yield Line("Requests without an answer", lost)


def _slip_lines(tallies: Tallies) -> Iterator[Line]:
    if tallies.slip.count:
        note = "how late requests were sent: the load generator's own delay"
        yield Line("Slip p50 / p95 / p99", _times_text(tallies.slip), note)


def _store_lines(view: View) -> Iterator[Line]:
    if view.target:
        return
    queries = number_text(view.store_queries_per_second, unit="/s", unknown="no answer")
    yield Line("Store queries", queries, "by all users of the service")


def _write_lines(tallies: Tallies) -> Iterator[Line]:
    lost = tallies.failed_writes + tallies.dropped_writes
    if tallies.writes + lost:
        yield Line("Writes acknowledged", str(tallies.writes))
        yield Line("Writes failed or dropped", str(lost))


def _staleness_lines(view: View) -> Iterator[Line]:
    tallies, expected = view.shown, view.predicted_staleness or Staleness(None)
    if not tallies.judged_reads:
        return
    of = f"{tallies.stale_reads} of {tallies.judged_reads} reads were older than a write"
    share = percent_text(tallies.stale_ratio)
    yield Line("Stale reads", share, of + _predicted(percent_text(expected.stale_ratio, "")))
    if tallies.staleness.count:
        mean = number_text(expected.mean_seconds, 2, unit=" s in the mean", unknown="")
        note = "how long the value had been superseded" + _predicted(mean)
        yield Line("Staleness p50 / p95 / p99", _times_text(tallies.staleness), note)
    if tallies.reads_after_write:
        visible = percent_text(tallies.visible_ratio)
        note = "of reads that long after a write" + _predicted(
            percent_text(expected.visible_ratio, "")
        )
        yield Line(f"Writes visible after {VISIBLE_SECONDS:g} s", visible, note)
    impossible = tallies.impossible_reads(fenced=view.fenced)
    yield Line("Impossible reads", str(impossible), "of a value never written, or back in time")


def _predicted(figure: str) -> str:
    return f"; predicted {figure}" if figure else ""


def _times_text(histogram: Histogram) -> str:
    times = (histogram.quantile(ratio) for _, ratio in _QUANTILES)
    return " / ".join(milliseconds_text(time, fewest_decimals=1) for time in times) + " ms"


def _by_result(tallies: Tallies) -> dict[str, Clocks]:
    grouped: dict[str, list[Clocks]] = {}
    for (_, result), clocks in tallies.by_row.items():
        grouped.setdefault(result, []).append(clocks)
    return {result: _merged(parts) for result, parts in grouped.items() if _any_counted(parts)}


def _any_counted(parts: Iterable[Clocks]) -> bool:
    return any(clocks.response.count for clocks in parts)


def _merged(parts: Iterable[Clocks]) -> Clocks:
    total = Clocks()
    for clocks in parts:
        total.response.merge(clocks.response)
        total.service.merge(clocks.service)
    return total


def _row(name: str, clocks: Clocks, total: int) -> Row:
    count = clocks.response.count
    return {
        "name": name,
        "count": str(count),
        "share": percent_text(count / total),
        **_times("response", clocks.response),
        **_times("service", clocks.service),
    }


def _times(clock: str, histogram: Histogram) -> Row:
    """Return the percentiles in milliseconds; empty where nothing was timed."""
    times = {name: histogram.quantile(ratio) for name, ratio in _QUANTILES}
    return {
        f"{clock}_{name}_ms": "" if time is None else milliseconds_text(time, fewest_decimals=1)
        for name, time in times.items()
    }

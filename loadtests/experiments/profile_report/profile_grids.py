"""The tables of a log's profile, which the terminal and the page draw in their own ways."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from loadtests.experiments.report.grid import Column, Grid, make_grid
from loadtests.output.durations import duration_text
from loadtests.output.figure_text import number_text, percent_text
from loadtests.profile.curve import (
    QUANTILE_OF_SAMPLE,
    Bounded,
    CurvePoint,
    Part,
    Profile,
    TtlAlone,
)

_T = TypeVar("_T")
_MOST_PARTS = 12
_LONGEST_NAME = 24
_SHOWN_TTLS = 5


class Section(NamedTuple):
    """A table with its heading.

    Attributes:
        heading: What it is about.
        grid: The table.
        note: What explains it.
    """

    heading: str
    grid: Grid
    note: str


def profile_sections(profile: Profile) -> list[Section]:
    """Return the tables that the log has figures for."""
    curve = profile.curve
    sections = [Section("What each TTL does", _grid(_curve_columns(profile), curve), "")]
    if curve[0].bounded:
        grid = _grid(_bounded_columns(), [(p, p.bounded) for p in curve if p.bounded])
        note = "The entry that was used least recently goes first."
        sections.append(Section("Under the memory bound", grid, note))
    if curve[0].ttl_alone:
        grid = _grid(_stale_columns(), [(p, p.ttl_alone) for p in curve if p.ttl_alone])
        note = "Nothing but the TTL ends an entry; staleness counts from the first unseen change."
        sections.append(Section("Without invalidation", grid, note))
    if profile.classes:
        rest = len(profile.classes) - _MOST_PARTS
        note = f"The {_MOST_PARTS} classes with most reads; {rest} more are not shown." * (rest > 0)
        sections.append(Section("By class of key", _parts("class", profile.classes), note))
    if profile.deciles:
        note = "Tenths of the keys that were read, the most popular first."
        sections.append(Section("By popularity", _parts("tenth", profile.deciles), note))
    return sections


def _grid(columns: Sequence[Column[_T]], subjects: Sequence[_T]) -> Grid:
    return make_grid(columns, subjects, lambda _subject: False)


def _curve_columns(profile: Profile) -> list[Column[CurvePoint]]:
    columns: list[Column[CurvePoint]] = [
        Column("\nTTL", lambda p: duration_text(p.ttl_seconds)),
        Column("hit\nratio", lambda p: percent_text(p.hit_ratio)),
        Column("±\n95 %", _error_text, "", True),
        Column("store\nreads/s", lambda p: f"{p.store_reads_per_second:.4g}"),
        Column("first\nmisses", lambda p: f"{p.misses.first:,}"),
        Column("\nexpired", lambda p: f"{p.misses.expired:,}"),
    ]
    if profile.changes:
        columns.append(Column("\nwritten", lambda p: f"{p.misses.written:,}"))
    return [
        *columns,
        Column("mean\nentries", lambda p: f"{p.live_entries_mean:,.0f}"),
        Column("most\nentries", lambda p: f"{p.live_entries_peak:,}"),
        Column("most\nMB", lambda p: number_text(p.live_bytes_peak, 2, factor=1e-6), "", True),
        Column("mean\nage s", lambda p: number_text(p.age_mean_seconds, 2)),
    ]


def _error_text(point: CurvePoint) -> str:
    error = point.hit_ratio_error
    return percent_text(None if error is None else QUANTILE_OF_SAMPLE * error)


def _bounded_columns() -> list[Column[tuple[CurvePoint, Bounded]]]:
    return [
        Column("\nTTL", lambda each: duration_text(each[0].ttl_seconds)),
        Column("hit ratio\nin memory", lambda each: percent_text(each[1].hit_ratio)),
        Column("\nunbounded", lambda each: percent_text(each[0].hit_ratio)),
        Column("\nevictions", lambda each: f"{each[1].evictions:,}"),
        Column("evicted\nmisses", lambda each: f"{each[1].misses_evicted:,}"),
    ]


def _stale_columns() -> list[Column[tuple[CurvePoint, TtlAlone]]]:
    return [
        Column("\nTTL", lambda each: duration_text(each[0].ttl_seconds)),
        Column("hit\nratio", lambda each: percent_text(each[1].hit_ratio)),
        Column("stale\nhits", lambda each: percent_text(each[1].stale_ratio)),
        Column("mean\nstaleness s", lambda each: number_text(each[1].staleness_mean_seconds, 2)),
        Column("worst\nstaleness s", lambda each: number_text(each[1].staleness_worst_seconds, 2)),
        Column("changes seen\nin time", lambda each: percent_text(each[1].visible_ratio)),
    ]


def _parts(heading: str, parts: Sequence[Part]) -> Grid:
    last = len(parts[0].curve) - 1
    # As many TTLs as fit: the first, the last, and evenly between.
    places = sorted({round(i * last / (_SHOWN_TTLS - 1)) for i in range(_SHOWN_TTLS)})
    columns: list[Column[Part]] = [
        Column(f"\n{heading}", lambda part: _short(part.name)),
        Column("\nkeys", lambda part: f"{part.keys:,}"),
        Column("\nreads", lambda part: f"{part.reads:,}"),
        *(_hits_at(place, parts[0].curve[place].ttl_seconds) for place in places),
        Column("\nceiling", lambda part: percent_text(part.ceiling)),
    ]
    return _grid(columns, parts[:_MOST_PARTS])


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def _hits_at(place: int, ttl_seconds: float) -> Column[Part]:
    return Column(
        f"{duration_text(ttl_seconds)}\nhits",
        lambda part: percent_text(part.curve[place].hit_ratio),
    )

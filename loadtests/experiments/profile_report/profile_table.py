"""The tables of a log's profile, at most 100 columns wide."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from loadtests.experiments.report.table import empty_table
from loadtests.output.figure_text import number_text, percent_text
from loadtests.profile.curve import CurvePoint, Part, Profile

CLOSE_TO_CEILING = 0.01
_MOST_PARTS = 12
_TIMES = ((86_400.0, "d"), (3600.0, "h"), (60.0, "min"))


def profile_tables(profile: Profile) -> RenderableType:
    """Return what `profile` prints: the answer, the curve, and the parts of the keys."""
    parts: list[RenderableType] = [Text(line) for line in answer_lines(profile)]
    parts += [_curve(profile), *_bounded(profile), *_stale(profile)]
    if profile.classes:
        parts.append(_parts("class", profile.classes))
    if profile.deciles:
        parts.append(_parts("keys by popularity", profile.deciles))
    return Group(*parts)


def answer_lines(profile: Profile) -> list[str]:
    """Return the answer in sentences: the traffic, its ceiling, and the TTL that comes close."""
    changes = f" and {profile.changes:,} changes" if profile.changes else ""
    first = "first of their key since a change" if profile.changes else "first of their key"
    ceiling = percent_text(profile.ceiling)
    lines = [
        (
            f"{profile.reads:,} reads{changes} of {profile.keys:,} keys in"
            f" {duration_text(profile.span_seconds)}, {profile.rate:.4g} per second."
        ),
        f"No TTL makes more than {ceiling} hits: the other reads are the {first}.",
    ]
    close = [p for p in profile.curve if p.hit_ratio >= profile.ceiling - CLOSE_TO_CEILING]
    if close:
        best = close[0]
        lines.append(
            f"TTL {duration_text(best.ttl_seconds)} comes within a point of it:"
            f" {percent_text(best.hit_ratio)} hits, {best.store_reads_per_second:.4g} store reads"
            f" per second, at most {best.live_entries_peak:,} entries."
        )
    lines.append("The cache starts empty, so the first reads of the log are misses at any TTL.")
    return lines


def duration_text(seconds: float) -> str:
    """Return a duration in the largest unit that it fills."""
    for size, unit in _TIMES:
        if seconds >= 2 * size or seconds == size:
            return f"{seconds / size:.4g} {unit}"
    return f"{seconds:.4g} s"


def _curve(profile: Profile) -> Table:
    sized = profile.curve[0].live_bytes_peak is not None
    headings = ["\nTTL", "hit\nratio", "store\nreads/s", "first\nmisses", "\nexpired"]
    headings += ["\nwritten"] if profile.changes else []
    headings += ["mean\nentries", "most\nentries", *(["most\nMB"] if sized else []), "mean\nage s"]
    table = empty_table(*headings)
    for point in profile.curve:
        misses = point.misses
        row = [
            duration_text(point.ttl_seconds),
            percent_text(point.hit_ratio),
            f"{point.store_reads_per_second:.4g}",
            f"{misses.first:,}",
            f"{misses.expired:,}",
        ]
        row += [f"{misses.written:,}"] if profile.changes else []
        row += [f"{point.live_entries_mean:,.0f}", f"{point.live_entries_peak:,}"]
        row += [number_text(point.live_bytes_peak, 2, factor=1e-6)] if sized else []
        table.add_row(*row, number_text(point.age_mean_seconds, 2))
    return table


def _bounded(profile: Profile) -> list[RenderableType]:
    """Return the table of the memory bound; nothing without one."""
    table = empty_table(
        "\nTTL", "hit ratio\nin memory", "\nunbounded", "\nevictions", "evicted\nmisses"
    )
    for point in profile.curve:
        if point.bounded is None:
            return []
        table.add_row(
            duration_text(point.ttl_seconds),
            percent_text(point.bounded.hit_ratio),
            percent_text(point.hit_ratio),
            f"{point.bounded.evictions:,}",
            f"{point.bounded.misses_evicted:,}",
        )
    return [
        Text("Under the memory bound, the entry that was used least recently goes first:"),
        table,
    ]


def _stale(profile: Profile) -> list[RenderableType]:
    """Return the table of staleness without invalidation; nothing without changes."""
    table = empty_table(
        *("\nTTL", "hit\nratio", "stale\nhits", "mean\nstaleness s", "worst\nstaleness s"),
        "changes seen\nin time",
    )
    for point in profile.curve:
        if point.ttl_alone is None:
            return []
        table.add_row(*_stale_row(point))
    return [Text("Without invalidation, where the TTL alone ends an entry:"), table]


def _stale_row(point: CurvePoint) -> list[str]:
    alone = point.ttl_alone
    if alone is None:
        return []
    return [
        duration_text(point.ttl_seconds),
        percent_text(alone.hit_ratio),
        percent_text(alone.stale_ratio),
        number_text(alone.staleness_mean_seconds, 2),
        number_text(alone.staleness_worst_seconds, 2),
        percent_text(alone.visible_ratio),
    ]


def _parts(heading: str, parts: list[Part]) -> Table:
    curve = parts[0].curve
    # As many TTLs as fit: the first, the last, and evenly between.
    places = sorted({round(i * (len(curve) - 1) / 4) for i in range(5)}) if curve else []
    ttls = [f"{duration_text(curve[i].ttl_seconds)}\nhits" for i in places]
    table = empty_table(f"\n{heading}", "\nkeys", "\nreads", *ttls, "\nceiling")
    for part in parts[:_MOST_PARTS]:
        table.add_row(
            part.name[:24],
            f"{part.keys:,}",
            f"{part.reads:,}",
            *(percent_text(part.curve[i].hit_ratio) for i in places),
            percent_text(part.ceiling),
        )
    return table

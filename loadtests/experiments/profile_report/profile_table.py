"""What the profile of a log prints, at most 100 columns wide."""

from rich.console import Group, RenderableType
from rich.text import Text

from loadtests.experiments.profile_report.profile_grids import profile_sections
from loadtests.experiments.report.table import grid_table
from loadtests.output.durations import duration_text
from loadtests.output.figure_text import percent_text
from loadtests.profile.curve import Profile

CLOSE_TO_CEILING = 0.01
_EARLY = 0.8


def profile_tables(profile: Profile) -> RenderableType:
    """Return the answer, then every table."""
    parts: list[RenderableType] = [Text(line) for line in answer_lines(profile)]
    for section in profile_sections(profile):
        parts += [Text(""), Text(section.heading, style="bold"), grid_table(section.grid)]
        if section.note:
            parts.append(Text(section.note))
    return Group(*parts)


def answer_lines(profile: Profile) -> list[str]:
    """Return the answer in sentences: the TTL that comes close to the ceiling, then the traffic."""
    lines = []
    ceiling = percent_text(profile.ceiling)
    close = [p for p in profile.curve if p.hit_ratio >= profile.ceiling - CLOSE_TO_CEILING]
    if close:
        best = close[0]
        lines.append(
            f"TTL {duration_text(best.ttl_seconds)} gets {percent_text(best.hit_ratio)} hits, of at"
            f" most {ceiling} with any TTL; that is {best.store_reads_per_second:.4g} store reads"
            f" per second, and at most {best.live_entries_peak:,} entries."
        )
    early = next(p for p in profile.curve if p.hit_ratio >= _EARLY * profile.curve[-1].hit_ratio)
    if close and early.ttl_seconds < close[0].ttl_seconds:
        lines.append(
            f"TTL {duration_text(early.ttl_seconds)} gets {percent_text(early.hit_ratio)} already,"
            f" with at most {early.live_entries_peak:,} entries."
        )
    first = "first of their key since a change" if profile.changes else "first of their key"
    changes = f" and {profile.changes:,} changes" if profile.changes else ""
    whose = " for all keys" if profile.sample else ""
    if profile.sample and profile.sample["keep_ratio"] < 1:
        lines.append(
            f"A sample of {percent_text(profile.sample['keep_ratio'])} of the keys; ratios are of"
            f" all {profile.sample['reads']:,} reads, and counts of misses are those of the sample."
        )
    lines += [
        f"No TTL gets more than {ceiling} hits: the other reads are the {first}.",
        (
            f"{profile.reads:,} reads{changes} of {profile.keys:,} keys in"
            f" {duration_text(profile.span_seconds)}, {profile.rate:.4g} per second{whose}."
            " The cache starts empty."
        ),
    ]
    return lines

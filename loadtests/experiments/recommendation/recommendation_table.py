"""What `recommend` prints, at most 100 columns wide."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from loadtests.experiments.recommendation.candidate import Candidates
from loadtests.experiments.recommendation.classes import ClassTtl
from loadtests.experiments.recommendation.recommendation import Judged, Recommendation
from loadtests.output.durations import duration_text
from loadtests.output.figure_text import milliseconds_text, number_text, ratio_text
from loadtests.output.fitting_table import FittingTable

YES, NO, PERHAPS = "yes", "no", "unknown"


def recommendation_text(
    answer: Recommendation,
    candidates: Candidates,
    classes: Sequence[ClassTtl] | None,
    break_even_seconds: float | None,
) -> RenderableType:
    """Return the answer in sentences, and a table of every TTL.

    Args:
        answer: Which TTLs keep the bounds.
        candidates: Where the figures are from.
        classes: A TTL for each class; None if not asked for.
        break_even_seconds: How soon an entry must be asked for again; None without prices.
    """
    parts: list[RenderableType] = [Text(sentence) for sentence in answer.sentences]
    if break_even_seconds is not None:
        parts.append(
            Text(
                f"An entry is worth its memory if it is asked for again within"
                f" {duration_text(break_even_seconds)}."
            )
        )
    parts += [Text(candidates.source), _table(answer.judged)]
    if classes is not None:
        table = FittingTable("class", "TTL s", "hit ratio", "reads")
        for each in classes:
            table.add_row(
                each.name, f"{each.ttl_seconds:g}", ratio_text(each.hit_ratio), f"{each.reads:,}"
            )
        parts += [Text("A TTL for each class, which reach the hit ratio together:"), table]
    return Group(*parts)


def _table(judged: Sequence[Judged]) -> RenderableType:
    table = FittingTable(
        *(
            "\nTTL s",
            "all bounds\nkept",
            "\nknown by",
            "hit\nratio",
            "low\nend",
            "store\nreads/s",
            "p99\nms",
        ),
        *("worst\nstale s", "\nMB", "cost\nan hour"),
    )
    for each in judged:
        candidate = each.candidate
        table.add_row(
            f"{candidate.ttl_seconds:g}",
            NO if each.failed else PERHAPS if each.unknown else YES,
            candidate.known_by,
            ratio_text(candidate.hit_ratio),
            ratio_text(candidate.hit_ratio_low),
            number_text(candidate.store_reads_per_second),
            milliseconds_text(candidate.p99_seconds),
            number_text(candidate.worst_stale_seconds),
            number_text(candidate.memory_bytes, 2, factor=1e-6),
            number_text(each.cost_per_hour, 4),
        )
    return table

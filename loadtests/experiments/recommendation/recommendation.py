"""Chooses the smallest and largest TTL that meet every bound, or says what stands in the way."""

from collections.abc import Sequence
from dataclasses import dataclass

from loadtests.experiments.recommendation.bounds import Bound
from loadtests.experiments.recommendation.candidate import Candidate, Candidates
from loadtests.experiments.recommendation.cost import Prices


@dataclass(frozen=True, slots=True)
class Judged:
    """A TTL and how it stands to the bounds.

    Attributes:
        candidate: The TTL.
        failed: Names of the bounds that it does not meet.
        unknown: Names of the bounds of which that is unknown.
        cost_per_hour: None without prices, or where memory or reads are unknown.
    """

    candidate: Candidate
    failed: list[str]
    unknown: list[str]
    cost_per_hour: float | None

    @property
    def meets_all(self) -> bool:
        """Whether every bound is known to be met."""
        return not self.failed and not self.unknown


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The answer.

    Attributes:
        smallest: The smallest TTL that meets every bound; None if none does.
        largest: The largest.
        cheapest: The one of them that costs least; None without prices.
        sentences: The answer in words: what binds, or what stands in the way.
        judged: Every TTL.
    """

    smallest: Candidate | None
    largest: Candidate | None
    cheapest: Candidate | None
    sentences: list[str]
    judged: list[Judged]


def recommend(
    candidates: Candidates, bounds: Sequence[Bound], prices: Prices | None = None
) -> Recommendation:
    """Judge every TTL by every bound and choose.

    Args:
        candidates: At least one TTL.
        bounds: None leaves the choice to the prices.
        prices: To choose the cheapest; None leaves costs out.
    """
    judged = [_judge(candidate, bounds, prices) for candidate in candidates.ttls]
    meeting = [each for each in judged if each.meets_all]
    if not meeting:
        return Recommendation(None, None, None, _in_the_way(judged, bounds), judged)
    priced = [each for each in meeting if each.cost_per_hour is not None]
    cheapest = min(priced, key=lambda each: each.cost_per_hour or 0.0, default=None)
    first, last = judged.index(meeting[0]), judged.index(meeting[-1])
    smallest, largest = meeting[0].candidate, meeting[-1].candidate
    sentences = [*_between(judged[first : last + 1]), *_cost(cheapest, prices)]
    if bounds:
        shorter = judged[first - 1] if first else None
        longer = judged[last + 1] if last + 1 < len(judged) else None
        edges = [_edge("shorter", shorter, bounds), _edge("longer", longer, bounds)]
        sentences = [_range_sentence(smallest, largest), *edges, *sentences]
    return Recommendation(
        smallest, largest, cheapest.candidate if cheapest else None, sentences, judged
    )


def _judge(candidate: Candidate, bounds: Sequence[Bound], prices: Prices | None) -> Judged:
    met = {bound.name: bound.met_by(candidate) for bound in bounds}
    return Judged(
        candidate,
        [name for name, value in met.items() if value is False],
        [name for name, value in met.items() if value is None],
        prices.per_hour(candidate) if prices else None,
    )


def _range_sentence(smallest: Candidate, largest: Candidate) -> str:
    if smallest is largest:
        return f"TTL {smallest.ttl_seconds:g} s meets every bound; of those looked at, no other."
    return (
        f"Every bound is met from TTL {smallest.ttl_seconds:g} s"
        f" to TTL {largest.ttl_seconds:g} s, of those looked at."
    )


def _between(span: Sequence[Judged]) -> list[str]:
    """Return which TTLs between the smallest and the largest do not meet every bound."""
    missing = [f"TTL {each.candidate.ttl_seconds:g} s" for each in span if not each.meets_all]
    return [f"Between them it is not known to hold at {_list(missing)}."] if missing else []


def _cost(cheapest: Judged | None, prices: Prices | None) -> list[str]:
    """Return which TTL costs least, or why that is not known."""
    if prices is None:
        return []
    if cheapest is None:
        return ["What they cost is unknown, because the memory of entries is: give --entry-bytes."]
    cost = f"{cheapest.cost_per_hour:.4g} an hour"
    return [f"Of these, TTL {cheapest.candidate.ttl_seconds:g} s costs least: {cost}."]


def _edge(direction: str, neighbour: Judged | None, bounds: Sequence[Bound]) -> str:
    """Return what keeps the next TTL in a direction from being recommended."""
    if neighbour is None:
        return f"No {direction} TTL was looked at: no bound binds there."
    texts = {bound.name: bound.text for bound in bounds}
    ttl = f"TTL {neighbour.candidate.ttl_seconds:g} s"
    if neighbour.failed:
        return f"A {direction} one, {ttl}, misses {_list([texts[n] for n in neighbour.failed])}."
    unknown = _list([texts[name] for name in neighbour.unknown])
    return f"Of a {direction} one, {ttl}, it is unknown whether it keeps {unknown}."


def _in_the_way(judged: Sequence[Judged], bounds: Sequence[Bound]) -> list[str]:
    """Return why no TTL meets every bound: what each of them alone would need."""
    sentences = ["No TTL that was looked at is known to meet every bound:"]
    for bound in bounds:
        met = [j.candidate.ttl_seconds for j in judged if bound.met_by(j.candidate)]
        known = [j for j in judged if bound.met_by(j.candidate) is not None]
        if not known:
            sentences.append(f"{bound.text}: unknown at every TTL.")
        elif not met:
            values = [value for j in known if (value := bound.value(j.candidate)) is not None]
            best = max(values) if bound.lower else min(values)
            sentences.append(f"{bound.text}: no TTL keeps it; the best is {bound.shown(best)}.")
        elif len(met) < len(judged):
            sentences.append(f"{bound.text}: kept from TTL {min(met):g} s to {max(met):g} s.")
    return sentences


def _list(words: Sequence[str]) -> str:
    return ", and ".join(words)

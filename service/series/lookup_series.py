"""The metrics of lookups: their results, their durations, the ages of what they serve."""

from service.domain.lookup import LookupResult, MissReason
from service.series.buckets import AGES
from service.series.families import Families, by_word


class LookupSeries:
    """The metrics of lookups."""

    def __init__(self, families: Families) -> None:
        lookups = families.counter("cacheaside_lookups_total", "Lookups by result", "result")
        self.results = by_word(lookups, LookupResult)
        misses = families.counter(
            "cacheaside_misses_total", "Misses by why there was no entry", "reason"
        )
        self.misses = by_word(misses, MissReason)
        self.seconds = families.histogram(
            "cacheaside_lookup_duration_seconds",
            "Time from when the handler receives the request to its answer",
            "result",
            LookupResult,
        )
        self.ages = families.histogram(
            "cacheaside_entry_age_seconds",
            "Age of served entries, where it is known",
            buckets=AGES,
        )[""]

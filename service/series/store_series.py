"""The metrics of the store: queries, their durations, how many are in progress."""

from service.domain.store import ShadowOutcome
from service.series.families import Families, by_word

STORE_OPS = ("select", "shadow", "replace", "delete", "catalogue", "probe")
TIMED_QUERIES = ("select", "replace", "delete")
STORE_OUTCOMES = ("ok", "absent", "error")


class StoreSeries:
    """The metrics of the store."""

    def __init__(self, families: Families) -> None:
        queries = families.counter(
            "cacheaside_store_queries_total", "Queries sent to the store", "op", "outcome"
        )
        self.queries = {
            (op, outcome): queries.labels(op, outcome)
            for op in STORE_OPS
            for outcome in STORE_OUTCOMES
        }
        self.seconds = families.histogram(
            "cacheaside_store_query_duration_seconds",
            "Duration of one query, including the store delay",
            "op",
            TIMED_QUERIES,
        )
        shadow_reads = families.counter(
            "cacheaside_shadow_reads_total",
            "Hits that were read again from the store, by what it had",
            "outcome",
        )
        self.shadow_reads = by_word(shadow_reads, ShadowOutcome)
        self.stale_ages = families.summary(
            "cacheaside_shadow_stale_age_seconds",
            "Age of entries that a shadow read found not to be right, where it is known",
        )
        self.in_flight = families.gauge(
            "cacheaside_store_in_flight", "Queries in progress at the store"
        )

"""The metrics of the store: queries, their durations, how many are in progress."""

from service.series.families import Families

STORE_OPS = ("select", "replace", "delete", "catalogue", "probe")
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
        self.in_flight = families.gauge(
            "cacheaside_store_in_flight", "Queries in progress at the store"
        )

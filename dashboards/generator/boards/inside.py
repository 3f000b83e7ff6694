"""The dashboard of the internals: the service's own process, Redis and MySQL."""

from grafana_foundation_sdk.builders import dashboard as build

from dashboards.generator.frame import Page, Row, frame
from dashboards.generator.panels import Line, Panel, Words, curves, latencies
from dashboards.generator.promql import quantile, rate, total
from dashboards.generator.servers import mysql_panels, redis_panels

PAGE = Page(
    uid="cache-aside-inside",
    title="Cache-aside: inside",
    text="The service's own process, Redis and MySQL. The last two need their exporters, which the"
    " compose stack has.",
    since="15m",
)

SERVICE = 'job="service"'
NO_SERVICE = "The service does not answer Prometheus"
# What a lookup does; writes, knobs and probes have times of their own.
LOOKUP_OPS = ("read", "generation", "fill", "lease")


def build_dashboard() -> build.Dashboard:
    """Return the dashboard."""
    return frame(
        PAGE,
        Row("Service", [*_process(), *_outcomes()]),
        Row("Redis", redis_panels()),
        Row("MySQL", mysql_panels()),
    )


def _process() -> list[Panel]:
    return [
        curves(
            Words(
                "CPU",
                "Cores that each process uses. One process cannot use more than about 1; near it,"
                " add replicas.",
                "suffix:cores",
                NO_SERVICE,
            ),
            Line(rate("process_cpu_seconds_total", SERVICE, by=("instance",)), "{{instance}}"),
            width=12,
        ),
        curves(
            Words(
                "Memory of the service",
                "Resident memory of each process. Climbing without end is a leak.",
                "bytes",
                NO_SERVICE,
            ),
            Line(total("process_resident_memory_bytes", SERVICE, by=("instance",)), "{{instance}}"),
            width=12,
        ),
        curves(
            Words(
                "Threads busy and store queries",
                "Threads busy with a lookup (time spent in lookups a second: Little's law) and"
                " queries that the store is busy with, of all replicas. At the dashed lines,"
                " THREADS and STORE_POOL_SIZE, requests queue.",
                "short",
                NO_SERVICE,
            ),
            Line(rate("cacheaside_lookup_duration_seconds_sum"), "threads busy"),
            Line(total("cacheaside_threads"), "threads", dashed=True),
            Line(total("cacheaside_store_in_flight"), "store queries"),
            Line(total("cacheaside_store_pool_size"), "store pool", dashed=True),
            width=12,
        ),
        latencies(
            Words(
                "Time of one exchange, p99",
                "Of those that lookups make: 99 of 100 exchanges with Redis and queries of the"
                " store took less. Lower is better.",
                "s",
            ),
            *(
                Line(
                    quantile(0.99, "cacheaside_cache_op_duration_seconds", f'op="{op}"'),
                    f"Redis: {op}",
                )
                for op in LOOKUP_OPS
            ),
            Line(
                quantile(0.99, "cacheaside_store_query_duration_seconds", 'op="select"'),
                "store: select",
            ),
            width=12,
        ),
    ]


def _outcomes() -> list[Panel]:
    answers = rate("cacheaside_http_requests_total", 'route="/fruit/<id>"', by=("status",))
    return [
        curves(
            Words(
                "Fills",
                "What became of loaded values, a second. redundant: a newer entry was there (a"
                " stampede); fenced: the item was written meanwhile; failed: Redis did not take"
                " it.",
                "suffix:fills/s",
            ),
            Line(rate("cacheaside_fills_total", by=("outcome",)), "{{outcome}}"),
        ),
        curves(
            Words(
                "Invalidations",
                "Entries a second that were taken out because their item was written. deferred:"
                " Redis could not be asked, so it is retried; abandoned: the entries have expired"
                " instead. pending is not a rate but how many wait for a retry now.",
                "short",
            ),
            Line(rate("cacheaside_invalidations_total", by=("outcome",)), "{{outcome}}"),
            Line(total("cacheaside_pending_invalidations"), "pending", dashed=True),
        ),
        curves(
            Words("HTTP answers", "Answers of fruit a second by status. 503 is bad.", "reqps"),
            Line(f"{answers} > 0", "{{status}}"),
        ),
    ]

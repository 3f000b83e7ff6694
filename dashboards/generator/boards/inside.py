"""The dashboard of the internals: the service's own process, Redis and MySQL."""

from grafana_foundation_sdk.builders import dashboard as build

from dashboards.generator.frame import Page, frame
from dashboards.generator.panels import Line, Panel, Words, curves, with_dashed_line
from dashboards.generator.promql import quantile, rate, total
from dashboards.generator.servers import mysql_panels, redis_panels

PAGE = Page(
    uid="cache-aside-inside",
    title="Cache-aside: inside",
    text="The service's own process, Redis and MySQL. The last two need their exporters, which the"
    " compose stack has.",
    since="15m",
    sources=("cacheaside_build_info", "redis_up", "mysql_up"),
)

WIDTH = 6
SERVICE = 'job="service"'


def build_dashboard() -> build.Dashboard:
    """Return the dashboard."""
    board = frame(PAGE)
    service = [*_process(), *_outcomes()]
    rows = (("Service", service), ("Redis", redis_panels()), ("MySQL", mysql_panels()))
    for title, panels in rows:
        board.with_row(build.Row(title))
        for panel in panels:
            board.with_panel(panel)
    return board


def _process() -> list[Panel]:
    return [
        curves(
            Words(
                "CPU",
                "Seconds of CPU a second, for each process. One process cannot use more than about"
                " 1; near it, add replicas.",
                "percentunit",
            ),
            Line(rate("process_cpu_seconds_total", SERVICE, by=("instance",)), "{{instance}}"),
            width=WIDTH,
        ),
        curves(
            Words(
                "Memory",
                "Resident memory of each process. Climbing without end is a leak.",
                "bytes",
            ),
            Line(total("process_resident_memory_bytes", SERVICE, by=("instance",)), "{{instance}}"),
            width=WIDTH,
        ),
        _busy_panel(
            Words(
                "Threads busy and store queries",
                "Threads busy with a lookup (time spent in lookups a second: Little's law) and"
                " queries that the store is busy with, of all replicas. At the dashed lines,"
                " THREADS and STORE_POOL_SIZE, requests queue.",
                "short",
            )
        ),
        curves(
            Words(
                "Time of one exchange, p99",
                "99 of 100 exchanges with Redis and queries of the store took less. Lower is"
                " better.",
                "s",
            ),
            Line(
                quantile(0.99, "cacheaside_cache_op_duration_seconds", by=("op",)), "Redis: {{op}}"
            ),
            Line(
                quantile(0.99, "cacheaside_store_query_duration_seconds", by=("op",)),
                "store: {{op}}",
            ),
            width=WIDTH,
        ),
    ]


def _busy_panel(words: Words) -> Panel:
    panel = curves(
        words,
        Line(rate("cacheaside_lookup_duration_seconds_sum"), "threads busy"),
        Line(total("cacheaside_threads"), "threads"),
        Line(total("cacheaside_store_in_flight"), "store queries"),
        Line(total("cacheaside_store_pool_size"), "store pool"),
        width=WIDTH,
    )
    return with_dashed_line(with_dashed_line(panel, "threads"), "store pool")


def _outcomes() -> list[Panel]:
    return [
        curves(
            Words(
                "Fills",
                "What became of loaded values, a second. redundant: a newer entry was there (a"
                " stampede); fenced: the item was written meanwhile; failed: Redis did not take"
                " it.",
                "reqps",
            ),
            Line(rate("cacheaside_fills_total", by=("outcome",)), "{{outcome}}"),
            width=8,
        ),
        curves(
            Words(
                "Invalidations",
                "Entries taken out because their item was written, a second. deferred: Redis could"
                " not be asked, so it is retried.",
                "reqps",
            ),
            Line(rate("cacheaside_invalidations_total", by=("outcome",)), "{{outcome}}"),
            width=8,
        ),
        curves(
            Words("HTTP answers", "Answers a second by route and status. 5xx is bad.", "reqps"),
            Line(
                f"{rate('cacheaside_http_requests_total', by=('route', 'status'))} > 0",
                "{{route}} {{status}}",
            ),
            width=8,
        ),
    ]

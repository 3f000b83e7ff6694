"""Panels about Redis and MySQL, from their exporters."""

from dashboards.generator.measures import HIT_RATIO
from dashboards.generator.panels import Line, Panel, Words, curves, with_dashed_line
from dashboards.generator.promql import highest, rate, ratio, total

WIDTH = 6
READS = "cacheaside_cache_key_reads_total"


def redis_panels() -> list[Panel]:
    """Return the row about Redis."""
    hits = rate("redis_keyspace_hits_total")
    misses = rate("redis_keyspace_misses_total")
    return [
        with_dashed_line(
            curves(
                Words(
                    "Memory",
                    "What the entries take, for each Redis, and the limit at which eviction"
                    " begins.",
                    "bytes",
                ),
                Line(highest("redis_memory_used_bytes", by=("instance",)), "{{instance}}"),
                Line(highest("redis_memory_max_bytes"), "limit"),
                width=WIDTH,
            ),
            "limit",
        ),
        curves(
            Words(
                "Keys that expired and were evicted",
                "Keys a second whose time ran out, and keys thrown out because memory ran out."
                " Evictions lower the hit ratio below what theory expects; none is good.",
                "reqps",
            ),
            Line(rate("redis_expired_keys_total"), "expired"),
            Line(rate("redis_evicted_keys_total"), "evicted"),
            width=WIDTH,
        ),
        curves(
            Words(
                "Hit ratio, three ways",
                "Redis counts keys read, the service counts the same keys: those two lines agree,"
                " or somebody else uses this Redis. The service's hit ratio is of lookups.",
                "percentunit",
            ),
            Line(ratio(hits, f"({hits} + {misses})"), "Redis: keys"),
            Line(ratio(rate(READS, 'found="true"'), rate(READS)), "service: keys"),
            Line(HIT_RATIO, "service: lookups"),
            width=WIDTH,
        ).max(1),
        curves(
            Words("Keys and clients", "Keys held, and connections to Redis.", "short"),
            Line(total("redis_db_keys"), "keys"),
            Line(total("redis_connected_clients"), "clients"),
            width=WIDTH,
        ),
    ]


def mysql_panels() -> list[Panel]:
    """Return the row about MySQL."""
    asked = rate("mysql_global_status_innodb_buffer_pool_read_requests")
    fetched = rate("mysql_global_status_innodb_buffer_pool_reads")
    return [
        with_dashed_line(
            curves(
                Words(
                    "Connections",
                    "Open connections and their limit. The service's pool bounds its share.",
                    "short",
                ),
                Line(highest("mysql_global_status_threads_connected"), "open"),
                Line(highest("mysql_global_variables_max_connections"), "limit"),
                width=WIDTH,
            ),
            "limit",
        ),
        curves(
            Words(
                "Threads running",
                "Threads busy with a query. Above the number of cores for long means MySQL is the"
                " bottleneck.",
                "short",
            ),
            Line(highest("mysql_global_status_threads_running"), "running"),
            width=WIDTH,
        ),
        curves(
            Words(
                "Statements",
                "Statements a second. The cache is there to keep select low.",
                "reqps",
            ),
            Line(
                rate(
                    "mysql_global_status_commands_total",
                    'command=~"select|insert|update|replace|delete"',
                    by=("command",),
                ),
                "{{command}}",
            ),
            width=WIDTH,
        ),
        curves(
            Words(
                "Reads",
                "Pages asked for and pages that had to come from disk, a second. The second at 0"
                " means the table fits in MySQL's own cache.",
                "reqps",
            ),
            Line(asked, "asked for"),
            Line(fetched, "from disk"),
            width=WIDTH,
        ),
    ]

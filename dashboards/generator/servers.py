"""Panels about Redis and MySQL, from their exporters."""

from dashboards.generator.measures import HIT_RATIO, LOOKUPS
from dashboards.generator.panels import Line, Panel, Words, curves
from dashboards.generator.promql import ASKED, FOUND, highest, rate, ratio, running, select, total

READS = "cacheaside_cache_key_reads_total"
NO_REDIS = "Nobody exports Redis' metrics here: docker compose up starts an exporter"
NO_MYSQL = "Nobody exports MySQL's metrics here: docker compose up starts an exporter"


def redis_panels() -> list[Panel]:
    """Return the row about Redis."""
    return [
        curves(
            Words(
                "Memory",
                "What the entries take, for each Redis, and the limit, where one is set, at which"
                " eviction begins.",
                "bytes",
                NO_REDIS,
            ),
            Line(highest("redis_memory_used_bytes", by=("instance",)), "{{instance}}"),
            Line(f"max ({select('redis_memory_max_bytes')} > 0)", "limit", dashed=True),
            width=12,
        ),
        _ratios_panel(),
        *_near_panels(),
        curves(
            Words(
                "Keys that expired and were evicted",
                "Keys a second whose time ran out, and keys thrown out because memory ran out."
                " Evictions lower the hit ratio below what theory expects; none is good.",
                "suffix:keys/s",
                NO_REDIS,
            ),
            Line(rate("redis_expired_keys_total"), "expired"),
            Line(rate("redis_evicted_keys_total"), "evicted"),
            width=12,
        ),
        curves(
            Words("Keys and clients", "Keys held, and connections to Redis.", "short", NO_REDIS),
            Line(total("redis_db_keys"), "keys"),
            Line(total("redis_connected_clients"), "clients"),
            width=12,
        ),
    ]


def _ratios_panel() -> Panel:
    hits, misses = rate("redis_keyspace_hits_total"), rate("redis_keyspace_misses_total")
    found = rate(READS, 'found="true"')
    # Of the keys that Redis found, the share that are entries as the service counts both.
    entries = f"({hits} * {ratio(rate(LOOKUPS, FOUND), found)})"
    # Without lookups the only key that is read is that of the knobs.
    asked = rate(LOOKUPS, ASKED)
    return curves(
        Words(
            "Hit ratio, three ways",
            "Redis counts every key that is read, and a lookup that misses reads more keys than"
            " its entry (the generation, the entry again before the fill, a lease), so the ratio of"
            " keys is not that of lookups. The service counts the same keys: those two lines agree,"
            " or somebody else uses this Redis. Redis: entries leaves out the keys that are no"
            " entries and agrees with the service's ratio of lookups for the same reason.",
            "percentunit",
        ),
        Line(f"{ratio(hits, f'({hits} + {misses})')} and on () {asked} > 0", "Redis: keys"),
        Line(f"{ratio(found, rate(READS))} and on () {asked} > 0", "service: keys"),
        Line(ratio(entries, asked), "Redis: entries"),
        Line(HIT_RATIO, "service: entries"),
        width=12,
    )


def _near_panels() -> list[Panel]:
    asking = rate("cacheaside_cache_op_duration_seconds_count", 'op="read"')
    return [
        curves(
            Words(
                "Lookups that near tiers answer",
                "Share of lookups that a process answers from its own memory, for as long as"
                " near_seconds says. The dashed line is what theory expects of the load that runs"
                " now; far below it, Redis is late in telling the processes what changed.",
                "percentunit",
            ),
            Line(ratio(rate(LOOKUPS, 'result="near"'), rate(LOOKUPS, ASKED)), "near"),
            Line(
                f"max ({running('loadtest_predicted_near_ratio')})", "near: predicted", dashed=True
            ),
            width=12,
        ),
        curves(
            Words(
                "Lookups that ask Redis",
                "Lookups a second, and those of them that read Redis. Near tiers, an open breaker"
                " and a TTL of 0 keep lookups from it.",
                "reqps",
            ),
            Line(rate(LOOKUPS), "lookups"),
            Line(asking, "ask Redis"),
            width=12,
        ),
    ]


def mysql_panels() -> list[Panel]:
    """Return the row about MySQL."""
    return [
        curves(
            Words(
                "Connections",
                "Open connections and their limit. The service's pool bounds its share.",
                "short",
                NO_MYSQL,
            ),
            Line(highest("mysql_global_status_threads_connected"), "open"),
            Line(highest("mysql_global_variables_max_connections"), "limit", dashed=True),
            width=12,
        ),
        curves(
            Words(
                "Threads running",
                "Threads busy with a query. Above the number of cores for long means MySQL is the"
                " bottleneck.",
                "short",
                NO_MYSQL,
            ),
            Line(highest("mysql_global_status_threads_running"), "running"),
            width=12,
        ),
        curves(
            Words(
                "Statements",
                "Statements a second. The cache is there to keep select low.",
                "suffix:statements/s",
                NO_MYSQL,
            ),
            Line(
                rate(
                    "mysql_global_status_commands_total",
                    'command=~"select|insert|update|replace|delete"',
                    by=("command",),
                ),
                "{{command}}",
            ),
            width=12,
        ),
        curves(
            Words(
                "Reads",
                "Pages asked for and pages that had to come from disk, a second. The second at 0"
                " means the table fits in MySQL's own cache.",
                "suffix:pages/s",
                NO_MYSQL,
            ),
            Line(rate("mysql_global_status_innodb_buffer_pool_read_requests"), "asked for"),
            Line(rate("mysql_global_status_innodb_buffer_pool_reads"), "from disk"),
            width=12,
        ),
    ]

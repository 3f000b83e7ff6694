"""Every metric: its name, its labels, and the event that changes it."""

import threading
import tomllib
from pathlib import Path

import prometheus_client
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from service.domain.cache import FillOutcome, InvalidationOutcome
from service.domain.knobs import Knobs
from service.domain.lookup import LookupResult, MissReason
from service.domain.store import ShadowOutcome
from service.metrics import VERSION, Metrics
from service.series.cache_series import CACHE_OPS, TIMED_OPS
from service.series.collectors import Count, Counters
from service.series.store_series import STORE_OPS, STORE_OUTCOMES, TIMED_QUERIES


@pytest.fixture
def metrics():
    return Metrics()


def value(metrics, name, **labels):
    return metrics.registry.get_sample_value(name, labels)


CASES = [
    *(
        ("lookup_ended", (word, 0.1, None), "cacheaside_lookups_total", {"result": word})
        for word in LookupResult
    ),
    *(
        (
            "lookup_ended",
            (word, 0.1, None),
            "cacheaside_lookup_duration_seconds_count",
            {"result": word},
        )
        for word in LookupResult
    ),
    *(
        ("missed", (reason,), "cacheaside_misses_total", {"reason": reason})
        for reason in MissReason
    ),
    *(
        ("cache_op", (op, 0.1, 0, 0), "cacheaside_cache_op_duration_seconds_count", {"op": op})
        for op in sorted(TIMED_OPS)
    ),
    *(
        ("cache_error", (op,), "cacheaside_cache_errors_total", {"op": op})
        for op in (*CACHE_OPS, "decode")
    ),
    ("key_reads", (1, 0), "cacheaside_cache_key_reads_total", {"found": "true"}),
    ("key_reads", (0, 1), "cacheaside_cache_key_reads_total", {"found": "false"}),
    *(
        (
            "store_query",
            (op, outcome, 0.1),
            "cacheaside_store_queries_total",
            {"op": op, "outcome": outcome},
        )
        for op in STORE_OPS
        for outcome in STORE_OUTCOMES
    ),
    *(
        (
            "store_query",
            (op, "ok", 0.1),
            "cacheaside_store_query_duration_seconds_count",
            {"op": op},
        )
        for op in sorted(TIMED_QUERIES)
    ),
    *(
        ("shadow_read", (outcome, 2.0), "cacheaside_shadow_reads_total", {"outcome": outcome})
        for outcome in ShadowOutcome
    ),
    ("shadow_read", ("stale", 2.0), "cacheaside_shadow_stale_age_seconds_count", {}),
    ("store_in_flight", (1,), "cacheaside_store_in_flight", {}),
    *(
        ("fill_ended", (outcome,), "cacheaside_fills_total", {"outcome": outcome})
        for outcome in FillOutcome
    ),
    *(
        ("invalidation_ended", (outcome,), "cacheaside_invalidations_total", {"outcome": outcome})
        for outcome in InvalidationOutcome
    ),
    ("lookup_ended", ("hit", 0.1, 0.5), "cacheaside_entry_age_seconds_count", {}),
    ("cache_op", ("read", 0.1, 1, 0), "cacheaside_cache_key_reads_total", {"found": "true"}),
    ("cache_op", ("read", 0.1, 0, 1), "cacheaside_cache_key_reads_total", {"found": "false"}),
    *(
        ("breaker_turned", (name, True), "cacheaside_breaker_open", {"dependency": name})
        for name in ("redis", "store")
    ),
    (
        "http_request",
        ("GET", "/fruit/<id>", 200),
        "cacheaside_http_requests_total",
        {"method": "GET", "route": "/fruit/<id>", "status": "200"},
    ),
]


@pytest.mark.parametrize(
    ("call", "arguments", "name", "labels"),
    CASES,
    ids=[f"{case[0]}-{case[2]}-{'-'.join(case[3].values())}" for case in CASES],
)
def test_event_raises_its_series_to_one(metrics, call, arguments, name, labels):
    before = value(metrics, name, **labels)
    getattr(metrics, call)(*arguments)

    # A histogram by word has no series before its first value; a counter stands at 0.
    assert before == (None if name.endswith("_count") and labels else 0.0)
    assert value(metrics, name, **labels) == 1.0


def test_durations_of_upkeep_have_no_series(metrics):
    for op in set(CACHE_OPS) - set(TIMED_OPS):
        metrics.cache_op(op, 0.1, 0, 0)
    for op in set(STORE_OPS) - set(TIMED_QUERIES):
        metrics.store_query(op, "ok", 0.1)

    assert "_duration_seconds_bucket" not in metrics.exposition([]).decode()


def test_a_page_on_which_everything_happened_a_million_times_has_at_most_64_kilobytes(metrics):
    metrics.knobs_turned(Knobs())
    for seconds in (0.00005, *(0.0002 * 2**step for step in range(17))):
        for word in LookupResult:
            metrics.lookup_ended(word, seconds, seconds * 1000)
        for op in CACHE_OPS:
            metrics.cache_op(op, seconds, 1, 1)
        for op in STORE_OPS:
            metrics.store_query(op, "ok", seconds)
        metrics.shadow_read(ShadowOutcome.STALE, seconds * 1000)
    page = metrics.exposition([]).decode()
    lines = [line for line in page.splitlines() if "_bucket{" in line]

    # Each count would have six digits more.
    assert len(page) + 6 * len(lines) <= 64_000


def test_knobs_in_force_are_exposed_as_gauges(metrics):
    metrics.knobs_turned(Knobs().with_changes({"ttl_seconds": 2.5, "protection": "lease"}))

    assert value(metrics, "cacheaside_ttl_seconds") == 2.5
    assert value(metrics, "cacheaside_protection", mode="lease") == 1.0
    assert value(metrics, "cacheaside_protection", mode="none") == 0.0
    assert value(metrics, "cacheaside_fencing", mode="on") == 1.0
    assert value(metrics, "cacheaside_invalidation", mode="delete") == 1.0
    for name in ("ttl_jitter_ratio", "negative_ttl_seconds", "early_beta", "stale_seconds"):
        assert value(metrics, f"cacheaside_{name}") is not None


def test_unknown_methods_share_one_label(metrics):
    for method in ("BREW", "TRACE", "x" * 1000):
        metrics.http_request(method, "unmatched", 405)

    labels = {"method": "other", "route": "unmatched", "status": "405"}
    assert value(metrics, "cacheaside_http_requests_total", **labels) == 3.0


def test_exposition_parses_and_has_no_created_series(metrics):
    metrics.lookup_ended(LookupResult.HIT, 0.1, None)
    text = metrics.exposition([]).decode()
    families = {family.name for family in text_string_to_metric_families(text)}

    assert {"cacheaside_lookups", "cacheaside_build_info", "process_cpu_seconds"} <= families
    assert "_created" not in text


def test_exposition_filtered_by_name_has_only_that_metric(metrics):
    text = metrics.exposition(["cacheaside_lookups_total"]).decode()

    samples = [line for line in text.splitlines() if not line.startswith("#")]
    assert len(samples) == 8
    assert all(line.startswith("cacheaside_lookups_total{") for line in samples)


def test_buckets_resolve_durations_below_a_millisecond(metrics):
    metrics.lookup_ended(LookupResult.HIT, 0.0003, None)

    name = "cacheaside_lookup_duration_seconds_bucket"
    assert value(metrics, name, result="hit", le="0.00024") == 0.0
    assert value(metrics, name, result="hit", le="0.00032") == 1.0


def test_version_is_that_of_pyproject():
    project = tomllib.loads(Path("pyproject.toml").read_text())

    assert project["project"]["version"] == VERSION


def test_exposition_has_as_many_series_after_a_thousand_items_as_after_one(client):
    def series():
        lines = client.get("/metrics").get_data(as_text=True).splitlines()
        return {line.rpartition(" ")[0] for line in lines if not line.startswith("#")}

    client.get("/fruit/1")
    first = series()
    for fruit_id in range(1, 1001):
        client.get(f"/fruit/{fruit_id}")

    assert series() == first


def test_counters_read_byte_for_byte_as_the_librarys_own():
    pages, words = [], ("a_total", "About \\ and\n", ["op", "word"])
    for make in (
        lambda registry: Counters(registry, *words),
        lambda registry: prometheus_client.Counter(*words, registry=registry),
    ):
        registry = CollectorRegistry(auto_describe=True)
        by_word = make(registry)
        by_word.labels("read", 'a "b"\n').inc()
        by_word.labels("zero", "b")
        by_word.labels("read", 'a "b"\n').inc(3_000_000)
        pages.append(
            generate_latest(registry) + generate_latest(registry.restricted_registry(["a_total"]))
        )

    assert pages[0] == pages[1]
    assert b" 3.000001e+06\n" in pages[0]


def test_counter_loses_no_count_of_many_threads():
    count = Count()
    threads = [
        threading.Thread(target=lambda: [count.inc() for _ in range(20_000)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert count.read() == 80_000

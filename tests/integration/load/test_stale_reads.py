"""The oracle against a real service: it finds the stale reads that theory expects, and no other."""

import threading
import time

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from loadtests.theory import staleness
from loadtests.traffic.zipf import Zipf
from tests.integration.load.locust_load import clear_cache, fetch, frozen, patch, run

pytestmark = [pytest.mark.integration, pytest.mark.exclusive]

ITEMS, SKEW, WRITES = 50, 0.8, 0.1


def read_write(directory, url, rate, requests, *more):
    keys = ["--items", ITEMS, "--skew", SKEW, "--write-ratio", WRITES]
    load = ["--rate", rate, "--requests", requests, "--seed", 5]
    # A busy service may refuse a write now and then, which the oracle takes into account.
    locust = run(directory, url, *keys, *load, *more, "--exit-code-on-error", 0, "ReadWrite")
    assert locust.code == 0, locust.log_text
    assert locust.summary["failed_writes"] < 0.02 * locust.summary["writes"]
    return locust.summary


def expect(rate, ttl_seconds):
    """Return stale reads per read and their mean staleness in seconds, over all items (F8)."""
    shares = Zipf(ITEMS, SKEW, 5).probabilities()
    reads, writes = shares * rate * (1 - WRITES), shares * rate * WRITES
    stale = np.array(
        [staleness.stale_ratio(r, w, ttl_seconds) for r, w in zip(reads, writes, strict=True)]
    )
    hits = reads * ttl_seconds / (1 + reads * ttl_seconds)
    lags = hits * [staleness.mean_lag_per_hit(w, ttl_seconds) for w in writes]
    return float(shares @ stale), float(shares @ lags / (shares @ stale))


def shadow_reads(url):
    """Return the hits that the service has read again, by outcome."""
    page = fetch(url + "/metrics?name[]=cacheaside_shadow_reads_total")
    (family,) = text_string_to_metric_families(page)
    return {sample.labels["outcome"]: sample.value for sample in family.samples}


@pytest.mark.parametrize("processes", [1, pytest.param(2, marks=pytest.mark.accept)])
def test_without_invalidation_number_and_age_of_stale_reads_match_theory(
    tmp_path, service_url, processes
):
    rate, ttl_seconds = 400.0, 0.5
    patch(service_url, ttl_seconds=ttl_seconds, invalidation="none", store_delay_seconds=0)
    clear_cache(service_url)
    many = ["--processes", processes, "-u", 2] if processes > 1 else []

    summary = read_write(tmp_path, service_url, rate, 6_000, *many)

    ratio, mean_seconds = expect(rate, ttl_seconds)
    measured = summary["stale_reads"] / summary["judged_reads"]
    assert measured == pytest.approx(ratio, rel=0.1)
    assert summary["staleness_mean_seconds"] == pytest.approx(mean_seconds, rel=0.1)
    assert summary["predicted_stale_ratio"] == pytest.approx(ratio, rel=0.01)
    assert summary["predicted_staleness_mean_seconds"] == pytest.approx(mean_seconds, rel=0.01)
    assert summary["impossible_reads"] == 0


def test_share_of_writes_visible_after_a_second_matches_theory(tmp_path, service_url):
    patch(service_url, ttl_seconds=2.0, invalidation="none", store_delay_seconds=0)
    clear_cache(service_url)

    summary = read_write(tmp_path, service_url, 300.0, 6_000)

    predicted = summary["predicted_writes_visible_ratio"]
    assert 0.5 < predicted < 0.7
    assert summary["writes_visible_ratio"] == pytest.approx(predicted, abs=0.05)


@pytest.mark.accept
def test_hits_read_again_by_the_service_are_as_often_stale_as_the_oracle_finds(
    tmp_path, service_url
):
    patch(service_url, ttl_seconds=0.5, invalidation="none", shadow_ratio=1, store_delay_seconds=0)
    clear_cache(service_url)
    before = shadow_reads(service_url)

    summary = read_write(tmp_path, service_url, 300.0, 6_000)
    patch(service_url, shadow_ratio=0)

    after = shadow_reads(service_url)
    counts = {outcome: after[outcome] - before[outcome] for outcome in after}
    checked = sum(counts.values())
    oracle = summary["stale_reads"] / summary["results"]["hit"]
    assert checked > 0.5 * summary["results"]["hit"]
    assert counts["gone"] == 0
    # Four standard errors, and the writes that come between a hit and its second reading.
    error = 4 * (oracle * (1 - oracle) / checked) ** 0.5 + 0.01
    assert counts["stale"] / checked == pytest.approx(oracle, abs=error)


def test_reads_past_a_paused_redis_make_no_later_read_impossible(tmp_path, drill_stack):
    url = drill_stack.service_urls[0]
    patch(url, ttl_seconds=60.0, invalidation="none", fencing="on", store_delay_seconds=0)

    def pause():
        with frozen(drill_stack.redis.pid):
            time.sleep(1.0)

    pausing = threading.Timer(7.0, pause)
    pausing.start()
    summary = read_write(tmp_path, url, 400.0, 4_000)
    pausing.join()

    assert summary["results"]["bypass"] > 50
    assert summary["stale_reads"] > 500
    assert summary["impossible_reads"] == 0


@pytest.mark.parametrize(
    ("requests", "reads"),
    [
        pytest.param(4_000, 3_400, id="short"),
        pytest.param(115_000, 100_000, id="full", marks=pytest.mark.accept),
    ],
)
def test_with_invalidation_and_fencing_no_read_is_stale(tmp_path, service_url, requests, reads):
    patch(service_url, ttl_seconds=60.0, invalidation="delete", fencing="on")
    clear_cache(service_url)

    summary = read_write(tmp_path, service_url, 400.0, requests)

    assert summary["judged_reads"] >= reads
    assert summary["stale_reads"] == summary["impossible_reads"] == 0


@pytest.mark.accept
def test_without_fencing_the_oracle_finds_stale_reads(tmp_path, service_url):
    patch(
        service_url,
        ttl_seconds=60.0,
        invalidation="delete",
        fencing="off",
        store_delay_seconds=0.05,
    )
    clear_cache(service_url)

    summary = read_write(tmp_path, service_url, 300.0, 4_000)

    assert summary["stale_reads"] > 0

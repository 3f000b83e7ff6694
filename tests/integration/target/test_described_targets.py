"""Targets that TOML files describe: what the client, the service and its counters counted agree."""

import collections
import json
import random

import pytest

from tests.integration.load.locust_load import run
from tests.integration.target.small_services import CountingApi, OddApi, SmallService
from tests.integration.verb_answers import answer_of_verb

pytestmark = pytest.mark.integration

LOGIN = {"LOGIN": CountingApi.login}
NO_PROXY_IS_ASKED = {"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
HEADERS = 'headers = { Authorization = "Bearer ${LOGIN}" }'
COUNTERS = """
    [counters]
    url = "SHOP/metrics"
    hits = "shop_hits"
    misses = 'shop_reads_total{kind="miss"}'
    """
ITEMS = 'url = "SHOP/items/{key}?login=${LOGIN}"'
TWO_ENDPOINTS = f"""
    {HEADERS}
    result = "X-Store: warm=hit, cold=miss"
    {COUNTERS}
    [[endpoints]]
    {ITEMS}
    weight = 3
    [[endpoints]]
    url = "SHOP/search"
    method = "POST"
    body = '{{"login": "${{LOGIN}}", "q": "{{key}}"}}'
    """
SET_BY_PATCH = f"""
    {ITEMS}
    {HEADERS}
    result = "none"
    [ttl]
    url = "SHOP/admin/cache"
    body = '{{"ttl_ms": {{ttl_ms}}}}'
    headers = {{ Authorization = "Bearer ${{LOGIN}}" }}
    {COUNTERS}
    """


def described(folder, text, shop):
    file = folder / "shop.toml"
    file.write_text(text.replace("SHOP", f"{shop.url}/shop"))
    return file


def test_trace_of_text_keys_is_counted_alike_by_client_service_and_its_counters(tmp_path):
    drawn = random.Random(3)
    lines = [drawn.choice(["a b", "ü/x?", f"sku-{drawn.randrange(40)}"]) for _ in range(300)]
    trace = tmp_path / "trace.txt"
    trace.write_text("\n".join(lines))
    with SmallService(CountingApi, ttl_seconds=0.5) as shop:
        words = ["--target-file", described(tmp_path, TWO_ENDPOINTS, shop), "--trace", trace]
        words += ["ReadHeavy", "--rate", 150, "--arrivals", "paced", "--ttl-seconds", 0.5]
        words += ["--processes", 2]
        ended = run(tmp_path, None, *words, environment=LOGIN | NO_PROXY_IS_ASKED)

    assert ended.code == 0, ended.log_text
    searches, items = shop.reads(True, False, kind="search"), shop.reads(True, False, kind="items")
    assert {name: count for name, count in ended.summary["results"].items() if count} == {
        "hit": shop.reads(True, kind="items"),
        "miss": shop.reads(False, kind="items"),
        "unknown": searches,
    }
    assert ended.summary["arrivals"] == items + searches == len(lines)
    assert 195 <= items <= 255  # Four standard deviations around three in four.
    asked = collections.Counter()
    for (_, key, _), count in shop.counts.items():
        asked[key] += count
    assert asked == collections.Counter(lines)
    assert ended.summary["hit_ratio"] is None
    assert ended.summary["counters_hit_ratio"] == pytest.approx(shop.reads(True) / 300, abs=1e-9)
    assert ended.summary["predicted_hit_ratio"] is None
    assert CountingApi.login not in ended.log_text + json.dumps(ended.summary)


def test_odd_answers_are_counted_as_what_they_are(tmp_path):
    with SmallService(OddApi) as shop:
        words = ["--target-url", f"{shop.url}/{{key}}", "ReadHeavy", "--rate", 100, "--items", 500]
        ended = run(tmp_path, None, *words, "--run-time", "2s", "--max-in-flight", 50)

    counts, results = shop.counts, ended.summary["results"]
    assert ended.code == 1  # Some lookups failed.
    assert ended.summary["arrivals"] == sum(counts.values()) > 150, ended.log_text
    assert {name: count for name, count in results.items() if count} == {
        "hit": counts["well"] + counts["slow"] + counts["long"],
        "unknown": counts["silent"],
        "error": counts["busy"] + counts["broken"],
        "failed": counts["closes"] + counts["garbage"],
    }
    assert ended.summary["hit_ratio"] is None
    for why in ("status 429", "status 500", "connection closed", "the answer is not HTTP"):
        assert why in ended.log_text


@pytest.mark.accept
def test_sweep_sets_the_ttl_by_a_request_and_counts_by_the_pages_of_the_service(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("LOGIN", CountingApi.login)
    with SmallService(CountingApi, ttl_seconds=9.0) as shop:
        words = ["--target-file", described(tmp_path, SET_BY_PATCH, shop), "--ttl", "0.5,1"]
        words += ["--items", "40", "--rate", "100", "--window-ttls", "3"]
        trials = answer_of_verb("sweep", *words, "--output", tmp_path / "run", timeout_seconds=300)[
            "trials"
        ]

    assert [trial["knobs"] for trial in trials] == [{"ttl_seconds": 0.5}, {"ttl_seconds": 1.0}]
    for trial in trials:
        assert trial["counted_by"] == "counters"
        assert trial["hit_ratio"] == pytest.approx(trial["replayed_hit_ratio"], abs=0.06)
        assert trial["results"]["hit"] + trial["results"]["miss"] == trial["lookups"]
    assert sum(line.startswith("PATCH /shop/admin/cache") for line in shop.asked) >= 2
    assert CountingApi.login not in (tmp_path / "run" / "report.html").read_text()

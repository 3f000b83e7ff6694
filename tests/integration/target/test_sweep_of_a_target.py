"""A sweep of a service that is not ours, its TTL set by a command, through the command line."""

import re
import sys

import pytest
import redis

from tests.integration.target.small_services import ProductApi, RedisApi, SmallService
from tests.integration.verb_answers import answer_of_verb

pytestmark = pytest.mark.integration


@pytest.mark.long
def test_a_sweep_sets_the_ttl_counts_by_the_client_and_reports(tmp_path):
    script = tmp_path / "set.py"
    with SmallService(ProductApi, ttl_seconds=9.0) as shop:
        # The service's own way to set its TTL: here a file that it is told to read.
        shop.ttl_file = tmp_path / "ttl"
        script.write_text(f"import sys\nopen({str(shop.ttl_file)!r}, 'w').write(sys.argv[1])\n")
        words = ["--target-url", f"{shop.url}/api/v2/products/{{key}}", "--target-keys", "1-80"]
        words += ["--ttl", "0.5,1", "--set-ttl", f"{sys.executable} {script} {{ttl}}"]
        words += ["--items", "40", "--rate", "100", "--window-ttls", "3"]
        words += ["--output", tmp_path / "run"]
        trials = answer_of_verb("sweep", *words, timeout_seconds=300)["trials"]

    short, long = trials
    assert (short["counted_by"], long["counted_by"]) == ("client", "client")
    assert short["knobs"] == {"ttl_seconds": 0.5}
    assert short["hit_ratio"] < long["hit_ratio"]
    for trial in (short, long):
        assert trial["hit_ratio"] == pytest.approx(trial["replayed_hit_ratio"], abs=0.06)
        assert trial["results"]["hit"] + trial["results"]["miss"] == trial["lookups"]
        assert trial["store_queries_per_second"] is None
        assert {"older-entries", "not-emptied"}.isdisjoint(
            doubt["kind"] for doubt in trial["doubts"]
        )
    keys = {int(line.rpartition("/")[2]) for line in shop.asked}
    assert keys <= set(range(1, 81))
    assert max(keys) > 40  # The second trial has keys of its own.
    assert not [line for line in shop.asked if not line.startswith("GET /api/v2/products/")]
    page = (tmp_path / "run" / "report.html").read_text()
    assert "the result of an answer comes from" in page
    assert not re.search(r"store (queries|reads)/s</th>.*\b0\.0/s", page)


@pytest.mark.accept
def test_redis_tells_the_hit_ratio_of_a_service_that_says_nothing(tmp_path, redis_server):
    with SmallService(RedisApi, ttl_seconds=1.0) as pages:
        pages.redis = redis.Redis.from_url(redis_server.url)
        words = ["--target-url", f"{pages.url}/page/{{key}}", "--redis-url", redis_server.url]
        words += ["--ttl", "1", "--items", "40", "--rate", "100", "--window-ttls", "5"]
        words += ["--output", tmp_path / "run"]
        trials = answer_of_verb("sweep", *words, timeout_seconds=300)["trials"]

    (trial,) = trials
    assert trial["counted_by"] == "redis"
    assert trial["hit_ratio"] == pytest.approx(trial["replayed_hit_ratio"], abs=0.05)
    assert trial["unknown_p50_ms"] is not None
    assert "counted-by-redis" in {doubt["kind"] for doubt in trial["doubts"]}

"""Load on services that are not ours in style, by headless Locust."""

import pytest
import redis

from tests.integration.load.locust_load import run
from tests.integration.target.small_services import (
    ProductApi,
    Redirecting,
    RedisApi,
    SilentApi,
    SmallService,
)

pytestmark = pytest.mark.integration

LOAD = ["ReadHeavy", "--rate", 150, "--items", 40, "--seed", 5, "--ttl-seconds", 1]


def closing_line(locust):
    return next(line for line in locust.log_text.splitlines() if "hit ratio" in line)


def test_a_product_api_is_measured_by_its_own_header_and_asked_nothing_else(tmp_path):
    with SmallService(ProductApi, ttl_seconds=1.0) as shop:
        url = f"{shop.url}/api/v2/products/{{key}}"
        arguments = ["--target-url", url, *LOAD, "--run-time", "5s", "--target-keys", "700-799"]
        ended = run(tmp_path, None, *arguments)

    assert ended.code == 0, ended.log_text
    counts = ended.summary["results"]
    assert counts["hit"] + counts["miss"] == len(shop.asked) == ended.summary["arrivals"]
    paths = {line.rpartition("/") for line in shop.asked}
    assert {head for head, _, _ in paths} == {"GET /api/v2/products"}
    assert {int(key) for _, _, key in paths} <= set(range(700, 740))
    predicted = ended.summary["predicted_hit_ratio"]
    assert ended.summary["warm_hit_ratio"] == pytest.approx(predicted, abs=0.05)
    assert ended.summary["cache_at_start"] == "kept"
    assert "GET      /api/v2/products/{key} hit" in ended.log_text


def test_an_api_that_says_nothing_has_latencies_and_no_hit_ratio(tmp_path):
    described = tmp_path / "books.toml"
    with SmallService(SilentApi) as books:
        described.write_text(f"""
            headers = {{ Authorization = "Bearer ${{BOOKS_TOKEN}}" }}
            [[endpoints]]
            url = "{books.url}/search"
            method = "POST"
            body = '{{"isbn": "{{key}}"}}'
        """)
        arguments = ["--target-file", described, *LOAD, "--run-time", "3s"]
        ended = run(
            tmp_path, None, *arguments, environment={"BOOKS_TOKEN": "s3cret", "CONTROL_TOKEN": "c"}
        )

    assert ended.code == 0, ended.log_text
    assert ended.summary["results"]["unknown"] == len(books.asked) > 300
    assert ended.summary["hit_ratio"] is None
    assert ended.summary["warm_hit_ratio"] is None
    assert ended.summary["predicted_hit_ratio"] is not None
    assert {headers["Authorization"] for headers in books.headers} == {"Bearer s3cret"}
    assert "s3cret" not in ended.log_text
    assert "hit ratio unknown" in closing_line(ended)


def test_a_redirect_is_an_error_and_takes_no_secret_along(tmp_path):
    with SmallService(ProductApi) as other, SmallService(Redirecting) as shop:
        shop.elsewhere = f"{other.url}/api/v2/products/1"
        header = ["--target-header", "Authorization: Bearer ${SHOP_TOKEN}"]
        arguments = ["--target-url", f"{shop.url}/{{key}}", *header, *LOAD, "--run-time", "2s"]
        ended = run(tmp_path, None, *arguments, environment={"SHOP_TOKEN": "s3cret"})

    assert shop.asked
    assert other.asked == []
    assert ended.summary["results"]["error"] == len(shop.asked)
    assert "redirects are not followed" in ended.log_text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--target-url", "http://127.0.0.1:1/{key}"], "cannot be reached: Connection refused"),
        pytest.param(
            *(["--target-url", "http://192.0.2.1/{key}"], "--i-may-load-this-host"),
            marks=pytest.mark.accept,
        ),
        pytest.param(
            *(["--target-url", "http://127.0.0.1:1/{key}", "--protection", "lease"], "'lease'"),
            marks=pytest.mark.accept,
        ),
    ],
    ids=["nobody there", "another machine", "a knob of ours"],
)
def test_a_target_that_will_not_do_is_refused_before_anything_starts(tmp_path, arguments, words):
    ended = run(tmp_path, None, *arguments, "ReadHeavy", "--run-time", "2s")

    assert ended.code == 2
    assert words in ended.log_text
    assert "Traceback" not in ended.log_text


def test_redis_tells_the_hit_ratio_that_answers_do_not(tmp_path, redis_server):
    with SmallService(RedisApi, ttl_seconds=1.0) as pages:
        pages.redis = redis.Redis.from_url(redis_server.url)
        words = ["--target-url", f"{pages.url}/page/{{key}}", "--redis-url", redis_server.url]
        ended = run(tmp_path, None, *words, *LOAD, "--run-time", "5s")

    assert ended.code == 0, ended.log_text
    assert ended.summary["hit_ratio"] is None
    predicted = ended.summary["predicted_hit_ratio"]
    assert ended.summary["redis_hit_ratio"] == pytest.approx(predicted, abs=0.1)
    assert "hit ratio by Redis' INFO" in ended.log_text

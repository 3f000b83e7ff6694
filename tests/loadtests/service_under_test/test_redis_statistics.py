"""The statistics of Redis, and the errors when they cannot be read."""

import dataclasses

import pytest
import redis

from loadtests.service_under_test.client import ServiceError
from loadtests.service_under_test.redis_statistics import RedisStatistics


def test_unreachable_redis_is_reported_without_its_password(free_port):
    statistics = RedisStatistics(f"redis://:secret@127.0.0.1:{free_port}/0")

    with pytest.raises(
        ServiceError, match=f"{free_port}/0 did not return its statistics"
    ) as raised:
        statistics.counters()

    assert "secret" not in str(raised.value)
    statistics.close()


@pytest.mark.integration
def test_redis_that_refuses_info_is_reported_in_one_line(fresh_redis):
    with redis.Redis(port=fresh_redis.port) as client:
        client.acl_setuser("reader", enabled=True, nopass=True, commands=["+ping"])
    statistics = RedisStatistics(f"redis://reader:secret@127.0.0.1:{fresh_redis.port}/0")

    with pytest.raises(ServiceError, match="with an account that may run INFO") as raised:
        statistics.counters()

    assert "\n" not in str(raised.value)
    statistics.close()


@pytest.mark.integration
def test_limit_of_the_memory_tells_how_many_entries_fit(fresh_redis):
    statistics = RedisStatistics(fresh_redis.url)
    value = '{"id": 1, "name": "fruit-1", "quantity": 100}'
    with redis.Redis(port=fresh_redis.port) as client:
        client.set("fruit:7", value, px=60_000)
        unlimited = statistics.memory_limit([7])
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.config_set("maxmemory", client.info("memory")["used_memory"] + 1_000_000)
        limit = statistics.memory_limit([5, 7])
        uncached = statistics.memory_limit([5])
        for item in range(20_000):
            client.set(f"fruit:{item}", value, px=60_000)
        held = client.dbsize()
    statistics.close()

    assert unlimited is None
    assert uncached == dataclasses.replace(limit, used_bytes=uncached.used_bytes)
    assert limit.policy == "allkeys-lru"
    assert limit.entries == pytest.approx(held, rel=0.1)


@pytest.mark.integration
def test_conditions_of_redis_count_evictions_and_change_with_a_restart(fresh_redis):
    statistics = RedisStatistics(fresh_redis.url)
    first = statistics.conditions()
    with redis.Redis(port=fresh_redis.port) as client:
        client.config_set("maxmemory-policy", "allkeys-random")
        client.set("fruit:1", "null")
        client.config_set("maxmemory", "1")
        with pytest.raises(redis.ResponseError):
            client.set("fruit:2", "null")
    later = statistics.conditions()
    statistics.close()
    fresh_redis.restart()
    statistics = RedisStatistics(fresh_redis.url)

    assert (first.evicted_keys, later.evicted_keys) == (0, 1)
    assert first.connected_clients >= 1
    assert first.run_id == later.run_id != statistics.conditions().run_id
    statistics.close()

"""The statistics of Redis, and the errors when they cannot be read."""

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

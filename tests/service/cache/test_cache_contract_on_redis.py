"""The contract of the cache on a real Redis."""

import os
import signal
import time

import pytest
import redis
from redis.crc import key_slot

from service.cache.redis_cache import RedisCache
from service.cache.redis_calls import RedisCalls
from service.cache.servers import connect
from service.domain.cache import GENERATION_SECONDS, CacheUnavailableError, Claim, FillOutcome
from service.guards.breaker import Breaker
from tests.service.cache.cache_contract import APPLE, CacheContract, acquire, since
from tests.service.fakes import RecordingObserver

pytestmark = [pytest.mark.integration, pytest.mark.contract]


@pytest.fixture
def client(redis_server):
    """A client of a separate database on the shared server."""
    with redis.Redis.from_url(redis_server.url.removesuffix("/0") + "/9") as client:
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture
def observer():
    return RecordingObserver()


@pytest.fixture
def cache(redis_server, client, observer):  # noqa: ARG001 - the database is emptied first
    breaker = Breaker(lambda: True, lambda _: None)
    connections = connect(redis_server.url.removesuffix("/0") + "/9", 0.1, breaker)
    yield RedisCache(RedisCalls(connections, breaker, observer), observer)
    connections.close()


@pytest.fixture
def fill_up(client):
    """Makes Redis refuse all further keys until the test ends."""
    policy = client.config_get("maxmemory-policy")["maxmemory-policy"]
    client.config_set("maxmemory-policy", "noeviction")
    yield lambda: client.config_set("maxmemory", "1")
    client.config_set("maxmemory", "0")
    client.config_set("maxmemory-policy", policy)


class TestRedisCache(CacheContract):
    @pytest.fixture
    def put(self, client):
        return lambda key, value, ms: client.set(key, value, px=ms)

    @pytest.fixture
    def free(self, client):
        return lambda: client.config_set("maxmemory", "0")

    @pytest.fixture
    def forget(self, client):
        return client.delete

    @pytest.fixture
    def remaining(self, client):
        return client.pttl

    @pytest.fixture
    def cache_keys(self, client):
        return lambda: [key.decode() for key in client.keys("*")]


def test_entry_is_stored_as_in_the_original_walkthrough(cache, client):

    cache.fill(1, APPLE, 60_000, since(cache, -2))

    assert client.keys("*") == [b"fruit:1"]
    assert client.get("fruit:1") == b'{"id": 1, "name": "apple", "quantity": 100}'
    assert 59_000 < client.pttl("fruit:1") <= 60_000


def test_cached_absence_is_the_text_null(cache, client):

    cache.fill(1, None, 1000, since(cache, -2))

    assert client.get("fruit:1") == b"null"


def test_entry_never_exists_without_its_ttl(cache, client):
    """Value and TTL are written by one command: MONITOR shows one SET with PX."""

    cache.fill(1, APPLE, 60_000, since(cache, -2))
    with client.monitor() as monitor:
        cache.fill(2, APPLE, 60_000, since(cache, -2, fruit_id=2))
        seen = []
        while not seen or "EVALSHA" not in seen[0]:
            seen = [monitor.next_command()["command"]]
        while "SET fruit:2" not in seen[-1]:
            seen.append(monitor.next_command()["command"])

    assert seen[-1].startswith('SET fruit:2 {"id": 1')
    assert seen[-1].endswith("PX 60000")


def test_value_of_another_type_reads_as_poisoned(cache, client, observer):

    client.rpush("fruit:1", "a", "b")

    read = cache.read(1)
    assert not read.found
    cache.fill(1, APPLE, 1000, since(cache, read.remaining_ms))
    assert cache.read(1).fruit == APPLE
    assert observer.counts["error", "decode"] == 1


def test_key_reads_are_counted_as_redis_counts_them(cache, client, observer):

    client.config_resetstat()
    cache.read(1)
    cache.generation(1, -2)
    cache.fill(1, APPLE, 60_000, since(cache, -2))
    cache.read(1)
    cache.fill(1, APPLE, 60_000, since(cache, -2))
    acquire(cache, "aa")
    acquire(cache, "aa", fruit_id=2)
    acquire(cache, "bb", fruit_id=2)
    cache.release_failed(2, Claim("", -2, "aa"))
    acquire(cache, "bb", fruit_id=2, waited_for="aa")
    cache.fill(3, APPLE, 1, Claim("*", -2, "cc"))
    cache.fill(1, None, 0, since(cache, 60_000))
    cache.invalidate(1)
    cache.fill(1, APPLE, 60_000, since(cache, -2))
    cache.share_knobs(0, "", None)
    cache.share_knobs(1, '{"version": 1}', 0)
    cache.share_knobs(0, "", None)
    cache.clear()
    client.rpush("fruit:4", "a")
    client.set("fruit:5", "")
    client.set("fruit:6", "x" * 10**7)
    for fruit_id in (4, 5, 6):
        cache.read(fruit_id)

    stats = client.info("stats")
    counted = (observer.reads["found"], observer.reads["missing"])
    assert (stats["keyspace_hits"], stats["keyspace_misses"]) == counted


def test_key_reads_are_counted_as_a_full_redis_counts_them(cache, client, observer, fill_up):
    held, loading = acquire(cache, "aa", fruit_id=2), since(cache, -2)
    fill_up()
    client.config_resetstat()
    before = observer.reads.copy()
    cache.fill(1, APPLE, 60_000, loading)
    cache.fill(2, APPLE, 60_000, Claim(held.text, -2, "aa"))
    acquire(cache, "bb", fruit_id=3)
    cache.invalidate(1)
    with pytest.raises(CacheUnavailableError):
        cache.share_knobs(1, '{"version": 1}', 0)

    stats, counted = client.info("stats"), observer.reads - before
    assert (stats["keyspace_hits"], stats["keyspace_misses"]) == (
        counted["found"],
        counted["missing"],
    )
    assert [observer.counts["error", op] for op in ("fill", "lease", "settings")] == [2, 1, 1]


def test_only_the_beginning_of_an_oversized_value_is_fetched(cache, client):
    client.set("fruit:1", "x" * 10**7)
    cache.read(1)
    before = client.info("stats")["total_net_output_bytes"]
    cache.read(1)

    assert client.info("stats")["total_net_output_bytes"] - before < 20_000


def test_lease_of_a_dead_holder_expires(cache, client):
    acquire(cache, "aa")

    assert 1000 < client.pttl("{fruit:1}:lease") <= 2000


def test_generation_and_lease_share_the_cluster_slot_of_their_entry():
    slots = {key_slot(key) for key in (b"fruit:17", b"{fruit:17}:gen", b"{fruit:17}:lease")}

    assert len(slots) == 1


def test_load_from_before_a_restart_of_redis_does_not_fill(fresh_redis, observer):
    """The restarted Redis has lost the tokens of all invalidations."""
    breaker = Breaker(lambda: True, lambda _: None)
    connections = connect(fresh_redis.url, 0.1, breaker)
    cache = RedisCache(RedisCalls(connections, breaker, observer), observer)
    before = since(cache, -2)
    fresh_redis.restart()

    assert cache.fill(1, APPLE, 60_000, before) == FillOutcome.FENCED
    assert cache.fill(1, APPLE, 60_000, since(cache, -2)) == FillOutcome.STORED
    connections.close()


@pytest.mark.accept
def test_fill_held_in_a_frozen_redis_until_the_generation_expired_is_fenced(fresh_redis, observer):
    """Redis executes a received command when it resumes, although the sender has given up."""
    breaker = Breaker(lambda: True, lambda _: None)
    connections = connect(fresh_redis.url, 0.1, breaker)
    calls = RedisCalls(connections, breaker, observer)
    cache = RedisCache(calls, observer)
    cache.fill(2, APPLE, 60_000, since(cache, -2, fruit_id=2))
    before = since(cache, -2)
    cache.invalidate(1)
    os.kill(fresh_redis.pid, signal.SIGSTOP)

    assert cache.fill(1, APPLE, 600_000, before) == FillOutcome.FAILED
    time.sleep(GENERATION_SECONDS + 1)
    os.kill(fresh_redis.pid, signal.SIGCONT)
    while not cache.ping():
        time.sleep(0.01)
    assert not cache.read(1).found
    connections.close()


def test_token_of_an_invalidation_is_kept_for_as_long_as_a_load_is_fenced(cache, client):
    cache.invalidate(1)

    assert 29_000 < client.pttl("{fruit:1}:gen") <= 30_000


@pytest.mark.parametrize("failed", [True, False], ids=["failed", "done"])
def test_result_is_left_for_longer_than_a_waiter_sleeps(cache, client, failed):
    acquire(cache, "aa")
    if failed:
        cache.release_failed(1, since(cache, -2, "aa"))
    else:
        cache.fill(1, None, 0, since(cache, -2, "aa"))

    assert 400 < client.pttl("{fruit:1}:lease") <= 500


def test_reading_the_shared_knobs_keeps_them_alive(cache, client):
    cache.share_knobs(1, '{"version": 1}', 0)
    client.pexpire("cacheaside:settings", 500)
    cache.share_knobs(0, "", None)

    assert 9_000 < client.pttl("cacheaside:settings") <= 10_000


def test_entry_without_a_ttl_counts_as_found(cache, client, observer):
    client.set("fruit:1", b'{"id": 1, "name": "apple", "quantity": 100}')
    client.config_resetstat()
    before = observer.reads.copy()
    cache.fill(1, APPLE, 1000, Claim("*", -2))
    acquire(cache, "aa")

    stats, counted = client.info("stats"), observer.reads - before
    assert counted["found"] > 0
    assert (stats["keyspace_hits"], stats["keyspace_misses"]) == (
        counted["found"],
        counted["missing"],
    )

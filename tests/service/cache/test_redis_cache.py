"""How the cache handles rare replies of Redis."""

from contextlib import suppress

import pytest

from service.cache.redis_cache import RedisCache
from service.cache.redis_calls import RedisCalls
from service.cache.wire import Refusal
from service.domain.cache import CacheUnavailableError
from tests.service.fakes import Breaker, RecordingObserver

BUSY = Refusal("BUSY Redis is busy running a script")
NOT_ALLOWED = Refusal("this user has no permissions to run the 'get' command")
WRONG_TYPE = Refusal("WRONGTYPE Operation against a key holding the wrong kind of value")


class ScriptedRedis:
    """A Redis that returns prepared replies, one list for each exchange."""

    def __init__(self):
        self.replies = []
        self.keys = []
        self.commands = []
        self.patient = []

    def exchange(self, key, commands, late, *, patient):
        del key, late
        self.commands += commands
        self.patient.append(patient)
        return self.replies.pop(0)

    def scan(self, pattern):
        del pattern
        return self.keys


@pytest.fixture
def redis():
    return ScriptedRedis()


@pytest.fixture
def observer():
    return RecordingObserver()


@pytest.fixture
def cache(redis, observer):
    return RedisCache(RedisCalls(redis, Breaker(), observer), observer)


@pytest.mark.parametrize("replies", [[BUSY, BUSY], [NOT_ALLOWED, 5000], [b"null", NOT_ALLOWED]])
def test_refused_read_counts_as_an_unavailable_cache(cache, redis, observer, replies):
    redis.replies = [replies]
    with pytest.raises(CacheUnavailableError):
        cache.read(1)

    assert observer.counts["error", "read"] == 1


@pytest.mark.parametrize(
    ("replies", "reads"),
    [
        ([BUSY, BUSY], (0, 0)),
        ([NOT_ALLOWED, 5000], (1, 0)),
        ([b"null", NOT_ALLOWED], (1, 0)),
        ([WRONG_TYPE, -1], (2, 0)),
    ],
)
def test_refused_command_counts_no_key_read_unless_the_key_has_another_type(
    cache, redis, observer, replies, reads
):
    redis.replies = [replies]
    with suppress(CacheUnavailableError):
        cache.read(1)

    assert (observer.reads["found"], observer.reads["missing"]) == reads


def test_clear_deletes_many_keys_at_a_time_and_waits_patiently(cache, redis):
    """Deleting one key at a time takes minutes, and one slow reply would end it half done."""
    redis.keys = [b"fruit:%d" % number for number in range(1, 1201)]
    redis.replies = [[1] * 500, [1] * 500, [1] * 199 + [0]]

    assert cache.clear() == 1199
    assert redis.commands == [("UNLINK", key) for key in redis.keys]
    assert redis.patient == [True] * 3


def test_refused_clear_is_no_clear(cache, redis):
    redis.keys = [b"fruit:1"]
    redis.replies = [[NOT_ALLOWED]]
    with pytest.raises(CacheUnavailableError, match="no permissions"):
        cache.clear()


@pytest.mark.parametrize(
    ("read", "written", "answers", "problem"),
    [
        ([b"", -2], [0, 0, 2], True, None),
        ([NOT_ALLOWED, -2], [0, 0, 2], False, NOT_ALLOWED.reason),
        ([b"", -2], NOT_ALLOWED, True, NOT_ALLOWED.reason),
    ],
)
def test_readiness_names_the_refusal_of_a_read_or_a_fill(
    cache, redis, read, written, answers, problem
):
    redis.replies = [read, [written]] * 2

    assert cache.ping() is answers
    named = cache.problem()
    assert named is None if problem is None else problem in named

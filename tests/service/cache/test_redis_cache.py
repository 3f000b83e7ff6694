"""What the cache makes of replies that Redis seldom gives."""

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


class Scripted:
    """A Redis that gives the replies it was told to, by exchange."""

    def __init__(self):
        self.replies = []
        self.keys = []
        self.asked = []
        self.patient = []

    def exchange(self, key, commands, late, *, patient):
        del key, late
        self.asked += commands
        self.patient.append(patient)
        return self.replies.pop(0)

    def scan(self, pattern):
        del pattern
        return self.keys


@pytest.fixture
def redis():
    return Scripted()


@pytest.fixture
def observer():
    return RecordingObserver()


@pytest.fixture
def cache(redis, observer):
    return RedisCache(RedisCalls(redis, Breaker(), observer), observer)


@pytest.mark.parametrize("replies", [[BUSY, BUSY], [NOT_ALLOWED, 5000], [b"null", NOT_ALLOWED]])
def test_refused_read_is_a_cache_that_does_not_answer(cache, redis, observer, replies):
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
def test_refused_command_read_no_key_unless_the_key_was_of_another_type(
    cache, redis, observer, replies, reads
):
    redis.replies = [replies]
    with suppress(CacheUnavailableError):
        cache.read(1)

    assert (observer.reads["found"], observer.reads["missing"]) == reads


def test_clear_deletes_many_keys_at_a_time_and_waits_for_it(cache, redis):
    """One by one a large cache takes minutes, and one slow reply ends it half done."""
    redis.keys = [b"fruit:%d" % number for number in range(1, 1201)]
    redis.replies = [[1] * 500, [1] * 500, [1] * 199 + [0]]

    assert cache.clear() == 1199
    assert redis.asked == [("UNLINK", key) for key in redis.keys]
    assert redis.patient == [True] * 3

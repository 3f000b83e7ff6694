"""Reading an entry, and whether Redis lets a lookup and a fill do what they do."""

from collections.abc import Sequence
from typing import Any

from service.cache import scripts
from service.cache.redis_calls import WHOLE, RedisCalls, count_entry_reads
from service.cache.wire import Refusal
from service.domain.cache import CacheUnavailableError
from service.domain.failures import classify_failure

ADVICE = {
    "login": "give user and password in REDIS_URL, percent-encoded",
    "tls": "name its authority in REDIS_URL: rediss://HOST:PORT/0?ssl_ca_certs=FILE",
    "rights": "let the user send GETRANGE, PTTL, EVAL, EVALSHA, UNLINK, SCAN, and in scripts GET,"
    " SET, PTTL and DEL, of all keys",
    "database": "choose a database that the server has: /0 at the end of REDIS_URL",
    "elsewhere": "let REDIS_URL lead to the primary; only for a cluster it begins with redis+cluster://",
    "full": "give it more memory, or let it evict: maxmemory-policy allkeys-lru",
    "no-answer": "start it, or set another REDIS_URL; a port with TLS wants rediss://, one without"
    " wants redis://",
    "unreachable": "start it, or set another REDIS_URL; a port with TLS wants rediss://",
    "odd-reply": "the port of REDIS_URL is one of another program",
}


class Probe:
    """Does what a lookup and a fill do, on keys that no fruit has.

    Args:
        calls: Sends the commands, even while the breaker is open.
        keys: Entry, generation and lease.
    """

    def __init__(self, calls: RedisCalls, keys: Sequence[str]) -> None:
        self._calls = calls
        self._keys = keys

    def answers(self) -> bool:
        """Return whether Redis answers; a replica does not, one without memory for a fill does."""
        try:
            read, *_ = self._try()
        except CacheUnavailableError:
            return False
        return read is None

    def find_problem(self) -> str | None:
        """Return what keeps Redis from lookups and fills, with its own words and the way out."""
        try:
            read, wrote, masters = self._try()
        except CacheUnavailableError as error:
            return _advise(f"Redis does not answer: {error}")
        refused = read or wrote
        if refused is not None:
            return _advise(f"Redis refuses what a lookup does: {refused.reason}")
        if masters > 1 and not self._calls.is_cluster:
            return _advise(f"the server of REDIS_URL is one of a cluster of {masters}")
        return None

    def _try(self) -> tuple[Refusal | None, Refusal | None, int]:
        """Return how Redis refused to read and to write, and how many nodes share the keys."""
        entry, *_ = self._keys
        commands = (("GETRANGE", entry, *WHOLE), ("PTTL", entry))
        replies = self._calls.exchange("ping", entry, commands, count_entry_reads, probing=True)
        read = first_refusal(replies)
        if read is None:
            require_entry(self._calls, *replies)
        wrote = self._calls.try_run("ping", scripts.PROBE, self._keys, (), probing=True)
        if isinstance(wrote, Refusal):
            return read, wrote, 1
        return read, None, wrote[0] if type(wrote[0]) is int else 1


def require_entry(calls: RedisCalls, value: object, remaining_ms: object) -> None:
    """Raise CacheUnavailableError unless Redis returned an entry, or one of another type."""
    for reply in (value, remaining_ms):
        if isinstance(reply, Refusal) and not reply.is_wrong_type:
            calls.refused("read", reply.reason)
            raise CacheUnavailableError(reply.reason)
    with calls.parsing("read"):
        if type(value) not in {bytes, Refusal} or type(remaining_ms) is not int:
            raise TypeError


def first_refusal(replies: list[Any]) -> Refusal | None:
    """Return the first refusal among replies, if there is one."""
    return next((reply for reply in replies if isinstance(reply, Refusal)), None)


def _advise(problem: str) -> str:
    advice = ADVICE.get(classify_failure(problem))
    return f"{problem}; {advice}" if advice else problem

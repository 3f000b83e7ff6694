"""One line of a log as requests: when, for which key, read or change."""

import math
import re
from collections.abc import Callable, Sequence
from functools import lru_cache

Request = tuple[float, str, bool, int]
"""Time in the file's own unit (NaN without one), key, whether it changes the key, size in bytes of
the value (0 if the file does not say)."""

LineParser = Callable[[str], Sequence[Request] | str]
"""Returns the requests of a line, or why there are none; an empty reason for a comment."""

NO_TIME = math.nan
UNREADABLE = "not understood"
FILLS = "fills of the cache (SET after a miss)"
NO_KEY = "commands without a key"

_READS = """get gets gat gats mget hget hgetall hmget getrange strlen exists lrange smembers zrange
sismember head read r 0 fetch lookup getex"""
_FILLS = """set add setex psetex setnx mset hset hmset hsetnx fill"""
_CHANGES = """delete del unlink getdel put post patch update insert replace cas append prepend incr
decr incrby decrby incrbyfloat hincrby hdel write w 1 lpush rpush sadd srem zadd zrem invalidate"""
_KINDS = dict.fromkeys(_READS.split(), "read") | dict.fromkeys(_FILLS.split(), "fill")
_KINDS |= dict.fromkeys(_CHANGES.split(), "change")


def kind_of(operation: str, *, fills_change: bool) -> str | None:
    """Return what an operation is: read, change or fill; None if the word is not known.

    Args:
        operation: The word in the log, in capitals or not.
        fills_change: Whether a SET changes the data, rather than filling the cache after a miss.
    """
    kind = _KINDS.get(operation.lower())
    return "change" if kind == "fill" and fills_change else kind


def operation_reader(unknown: str, *, fills_change: bool) -> Callable[[str], bool | str]:
    """Return what says of an operation whether it changes its key, or why it gives no request.

    Args:
        unknown: The reason for an operation that is not known.
        fills_change: Whether a SET changes the data, rather than filling the cache after a miss.
    """

    @lru_cache(maxsize=1024)
    def read(operation: str) -> bool | str:
        kind = kind_of(operation, fills_change=fills_change)
        if kind is None:
            return unknown
        return FILLS if kind == "fill" else kind == "change"

    return read


def key_filter(pattern: re.Pattern[str] | None) -> Callable[[str], str | None]:
    """Return what takes the key out of a text: the first group of *pattern*, or its whole match.

    None stands for a text that *pattern* does not find anything in.
    """
    if pattern is None:
        return lambda text: text
    group = 1 if pattern.groups else 0

    def key(text: str) -> str | None:
        found = pattern.search(text)
        return found[group] if found else None

    return key

"""What is sent to Redis and what comes back, for one server and for a cluster alike."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisClusterException, RedisError, ResponseError
from redis.retry import Retry

Command = tuple[str | int | bytes, ...]
Late = Callable[[list[Any]], None]

# More than all threads, refreshes and late replies of a hanging Redis together, because a caller
# must wait for Redis and never for a connection. redis-py's own bound is 100.
MAX_CONNECTIONS = 8192
# Connecting takes longer than a reply (with TLS 30 ms), and has a time of its own.
CONNECT_SECONDS = 0.1
# The errors that leave an exchange without a reply; some come while a connection is made.
UNANSWERED = (RedisError, RedisClusterException, OSError)


# Refusals of a server that is not, or not yet, the one to ask; a script's error has them inside.
ELSEWHERE = re.compile(r"\b(READONLY|MOVED|LOADING|MASTERDOWN)\b")


class NoReplyError(Exception):
    """Redis did not answer; it may or may not have carried out the command."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The reply to a command that Redis understood and did not carry out."""

    reason: str
    is_unknown_script: bool = False

    @property
    def is_elsewhere(self) -> bool:
        """Whether another server is to be asked, as after a failover."""
        return ELSEWHERE.search(self.reason) is not None

    @property
    def is_wrong_type(self) -> bool:
        """Whether the key exists but holds another type than the command reads."""
        return self.reason.startswith("WRONGTYPE")


class Breaker(Protocol):
    """Knows whether Redis may be called; see `service.guards.breaker.Breaker`."""

    is_open: bool
    answered_at: float

    def failed(self, began: float) -> None:
        """Record that a call that began at this time was not answered."""


class Connections(Protocol):
    """Sends commands that belong to one key and returns their replies in order.

    Attributes:
        is_cluster: Whether commands go to the node that has their key.
    """

    is_cluster: bool

    def exchange(
        self, key: str, commands: Sequence[Command], late: Late | None, *, patient: bool
    ) -> list[Any]:
        """Send all commands at once.

        A refused command's reply is a `Refusal`.

        Args:
            key: A key of the cluster slot of all commands; empty when there is none.
            commands: What to send.
            late: Receives the replies if they come after this call has given up.
            patient: Whether to wait the longest time, not the usual one.

        Raises:
            NoReplyError: A reply did not come in time.
        """

    def scan(self, pattern: str) -> list[bytes]:
        """List the keys that match, on every node.

        Raises:
            NoReplyError: A reply did not come in time.
        """

    def open(self, connections: int) -> None:
        """Connect before the first lookup, which would wait for it; never raises."""

    def close(self) -> None:
        """Close all connections."""


def refusal(error: ResponseError) -> Refusal:
    """Return the reply that redis-py raised as an error."""
    return Refusal(str(error), isinstance(error, NoScriptError))


def options(timeout_seconds: float) -> dict[str, Any]:
    """Return the options of redis-py that bound every wait.

    Args:
        timeout_seconds: Longest wait for a reply that redis-py itself reads.
    """
    # With redis-py's defaults (5 s, ten retries) a lookup could hang for most of a minute.
    return {
        "socket_timeout": timeout_seconds,
        "socket_connect_timeout": max(timeout_seconds, CONNECT_SECONDS),
        "retry": Retry(NoBackoff(), 0),
        "driver_info": None,
        "socket_keepalive": True,
        "max_connections": MAX_CONNECTIONS,
        "protocol": 2,
    }

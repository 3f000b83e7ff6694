"""A target in the place of a stack: a service of one's own, of which nothing is started."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

from loadtests.service_under_test.client import ServiceError
from loadtests.service_under_test.counters import is_complete
from loadtests.service_under_test.redis_statistics import RedisStatistics
from loadtests.service_under_test.urls import without_password
from loadtests.stack.guardian import StackError
from loadtests.target.own_service import Target
from loadtests.target.reach import ALLOWED
from loadtests.target.target_control import TargetControl
from loadtests.target.target_file import TargetFlags


@dataclass(frozen=True)
class Measured:
    """A target, and what was told of it.

    Attributes:
        target: The target.
        flags: The flags that describe it, which the load generator gets too.
        ttl_seconds: The TTL that was told; None where it is set.
        set_ttl: Sets its TTL; None if it stays as it is.
    """

    target: Target
    flags: TargetFlags
    ttl_seconds: float | None
    set_ttl: Callable[[float], None] | None

    def control(self, redis: RedisStatistics | None) -> TargetControl:
        """Return what stands in the place of the service's control API."""
        told = {} if self.ttl_seconds is None else {"ttl_seconds": self.ttl_seconds}
        return TargetControl(self.target, told, self.set_ttl, redis.counters if redis else None)

    def arguments(self) -> Iterator[str]:
        """Yield the flags for the load generator; secrets stay in the environment."""
        flags = self.flags.from_anywhere()  # The load generator runs in a folder of its own.
        for name in ("url", "file", "keys", "result"):
            if text := getattr(flags, name):
                yield from (f"--target-{name}", text)
        if flags.skip_keys:
            yield from ("--target-skip-keys", str(flags.skip_keys))
        for header in flags.headers:
            yield from ("--target-header", header)
        if self.flags.allowed:
            yield ALLOWED


class TargetStack:
    """A target as a stack: nothing is started and nothing is stopped.

    Args:
        measured: The target.
        redis_url: Its Redis; None if that is not told.
    """

    store_name: str = "unknown"
    entering: str = "connecting to the target; nothing is started"
    control_token: str | None = None

    def __init__(self, measured: Measured, redis_url: str | None) -> None:
        self.measured = measured
        self.redis_url: str | None = redis_url
        self.service_urls: list[str] = list(measured.target.origins)
        self.lines = [f"target: {measured.target.describe()}"]
        if redis_url is not None:
            self.lines.append(f"redis: given, {without_password(redis_url)}, asked for INFO alone")
        if (counters := measured.target.counters) is not None:
            names = f"{counters.hits.text} and {counters.misses.text}"
            self.lines.append(f"counters: {names}, at {counters.page.endpoint.shown}")

    def __enter__(self) -> Self:
        """Check that the target takes a connection; raise StackError if it does not."""
        control, counters = self.measured.control(None), self.measured.target.counters
        try:
            control.check()
            # A counter with labels may appear with its first count.
            if counters is not None and not is_complete(control.key_reads()):
                self.lines.append("counters: not all of them are there yet; check their names")
        except ServiceError as error:
            raise StackError(str(error)) from None
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the target running."""

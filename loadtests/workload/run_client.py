"""What a run asks of what it measures: our service, or a target in its place."""

import contextlib
import logging
from collections.abc import Callable
from functools import partial

from loadtests.service_under_test.client import ServiceClient, ServiceError
from loadtests.service_under_test.counters import Counts, RedisCounters, kept_reads, key_hit_ratio
from loadtests.service_under_test.redis_statistics import RedisStatistics
from loadtests.target.target_control import TargetControl
from loadtests.workload.load_settings import LoadSettings

logger = logging.getLogger(__name__)

RunClient = ServiceClient | TargetControl
"""A client of the control API, or what stands in its place for a target."""


def client_of(settings: LoadSettings, token: str | None) -> RunClient:
    """Return the client for *settings*; the token goes to our service alone."""
    if settings.target is not None:
        reads = partial(_key_reads, settings.redis_url) if settings.redis_url else None
        return TargetControl(settings.target, settings.knobs, key_reads=reads)
    return ServiceClient(settings.service_urls, token)


def _key_reads(url: str) -> RedisCounters:
    with contextlib.closing(RedisStatistics(url)) as statistics:
        return statistics.counters()


class KeyReads:
    """Keeps what a target, or its Redis, counted before the first request of a run, and last.

    Args:
        client: Returns a client of what is measured now.
    """

    def __init__(self, client: Callable[[], RunClient]) -> None:
        self._client = client
        self._before: list[Counts] = []
        self._reads: list[Counts] = []

    def ready(self, client: RunClient, settings: LoadSettings) -> None:
        """Read what was counted before the next run; nothing if nobody counts.

        Raises:
            ServiceError: It cannot be read.
        """
        self._before = kept_reads([], client.counters().key_reads) if settings.keys_told_by else []

    def begin(self) -> None:
        """Begin the run that was readied."""
        self._reads, self._before = self._before, []

    def update(self, settings: LoadSettings) -> None:
        """Read what was counted by now; keep what is known if it cannot be read."""
        if not settings.keys_told_by:
            return
        try:
            with self._client() as client:
                self._reads = kept_reads(self._reads, client.counters().key_reads)
        except ServiceError as error:
            logger.debug("the counters of keys were not read: %s", error)

    @property
    def hit_ratio(self) -> float | None:
        """The share of keys that were found in the run so far; None if that is not known."""
        return key_hit_ratio(self._reads)

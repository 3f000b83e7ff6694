"""What a run asks of what it measures: our service, or a target in its place."""

import contextlib
from functools import partial

from loadtests.service_under_test.client import ServiceClient
from loadtests.service_under_test.counters import RedisCounters
from loadtests.service_under_test.redis_statistics import RedisStatistics
from loadtests.target.target_control import TargetControl
from loadtests.workload.load_settings import LoadSettings

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

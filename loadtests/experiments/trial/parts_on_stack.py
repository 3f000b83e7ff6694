"""Makes the bench for trials, and the record of their run, from a running stack."""

import contextlib
import os
import platform
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from loadtests.experiments.records.counting import CLIENT, COUNTERS, REDIS, SERVICE
from loadtests.experiments.records.records import FORMAT, RunRecord, save_trial
from loadtests.experiments.trial.locust_process import LocustLoad
from loadtests.experiments.trial.parts import Bench, Progress
from loadtests.experiments.trial.target_stack import TargetStack
from loadtests.experiments.trial.versions import versions_in_use
from loadtests.sender.samples import read_samples
from loadtests.service_under_test.client import ServiceClient, ServiceError
from loadtests.service_under_test.redis_statistics import RedisStatistics
from loadtests.stack.guardian import Guardian
from loadtests.stack.stack import Stack
from loadtests.target.target_control import TargetControl

_TIMEOUT_SECONDS = 30.0  # A service under full load answers control late.


@contextmanager
def bench_on(
    stack: Stack, folder: Path, progress: Progress, metrics_host: str | None = None
) -> Iterator[Bench]:
    """Yield a bench that saves into a folder; restore the service's knobs at the end.

    The load serves its metrics at *metrics_host*, or nowhere if it is None.

    Raises:
        ServiceError: The service or the statistics of its Redis are not available.
    """
    with _statistics(stack.redis_url) as redis:
        service, counted_by, flags = _of_stack(stack, redis)
        knobs = service.knobs()
        try:
            with Guardian() as guardian:
                load = LocustLoad(
                    guardian, stack.service_urls, stack.control_token, metrics_host, flags
                )
                save, place = partial(save_trial, folder), guardian.folder
                yield Bench(
                    service,
                    redis,
                    load,
                    read_samples,
                    save,
                    progress,
                    place,
                    counted_by=counted_by,
                    told_by=_told_by(stack),
                )
        finally:
            with contextlib.suppress(ServiceError):
                service.set_knobs(knobs)
            service.close()


def _of_stack(
    stack: Stack, redis: RedisStatistics | None
) -> tuple[ServiceClient | TargetControl, str, list[str]]:
    """Return the client of a stack, who counts its lookups, and the flags that name a target."""
    if isinstance(stack, TargetStack):
        measured = stack.measured
        return measured.control(redis), CLIENT, list(measured.arguments())
    client = ServiceClient(stack.service_urls, stack.control_token, _TIMEOUT_SECONDS)
    return client, SERVICE, []


def _told_by(stack: Stack) -> str:
    """Return who counts the lookups of a target whose answers do not tell."""
    has_counters = isinstance(stack, TargetStack) and stack.measured.target.counters is not None
    return COUNTERS if has_counters else REDIS


def run_record(  # noqa: PLR0913 - each is a field of the record
    kind: str,
    title: str,
    plan: Mapping[str, Any],
    stack: Stack,
    *,
    store_delay_seconds: float,
    redis: RedisStatistics | None = None,
    wanted_hit_ratio: float | None = None,
) -> RunRecord:
    """Return the record of a run that begins now on a stack."""
    return RunRecord(
        format=FORMAT,
        title=title,
        started_at=time.time(),
        plan=plan,
        stack=stack.lines,
        store_name=stack.store_name,
        store_delay_seconds=store_delay_seconds,
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}",
        wanted_hit_ratio=wanted_hit_ratio,
        kind=kind,
        versions=versions_in_use(redis.version() if redis else None, stack.store_name),
        target=stack.measured.target.describe() if isinstance(stack, TargetStack) else "",
    )


@contextmanager
def _statistics(redis_url: str | None) -> Iterator[RedisStatistics | None]:
    """Yield the statistics of a single Redis server that holds all keys; None otherwise."""
    if redis_url is None or "+cluster" in redis_url:
        yield None
        return
    with contextlib.closing(RedisStatistics(redis_url)) as statistics:
        statistics.counters()  # Fail here rather than in every trial.
        yield statistics

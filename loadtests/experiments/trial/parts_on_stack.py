"""Makes the bench for trials out of a stack that runs."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from loadtests.experiments.records.records import save_trial
from loadtests.experiments.trial.locust_process import LocustLoad
from loadtests.experiments.trial.parts import Bench, Progress
from loadtests.sender.samples import read_samples
from loadtests.service_under_test.client import ServiceClient, ServiceError
from loadtests.service_under_test.redis_statistics import RedisStatistics
from loadtests.stack.guardian import Guardian
from loadtests.stack.stack import Stack

_TIMEOUT_SECONDS = 30.0  # A service under full load answers control late.


@contextmanager
def bench_on(
    stack: Stack, folder: Path, progress: Progress, metrics_host: str | None = None
) -> Iterator[tuple[ServiceClient, Bench]]:
    """Give the service and a bench that saves into a folder; restore the knobs at the end.

    The load serves its metrics at *metrics_host*, None for nowhere.

    Raises:
        ServiceError: The service is not there, or its Redis tells no statistics.
    """
    service = ServiceClient(stack.service_urls, stack.control_token, _TIMEOUT_SECONDS)
    knobs = service.knobs()
    try:
        with Guardian() as guardian, _statistics(stack.redis_url) as redis:
            yield (
                service,
                Bench(
                    service=service,
                    redis=redis,
                    load=LocustLoad(
                        guardian, stack.service_urls, stack.control_token, metrics_host
                    ),
                    read_samples=read_samples,
                    save=partial(save_trial, folder),
                    progress=progress,
                    scratch=guardian.folder,
                ),
            )
    finally:
        with contextlib.suppress(ServiceError):
            service.set_knobs(knobs)
        service.close()


@contextmanager
def _statistics(redis_url: str | None) -> Iterator[RedisStatistics | None]:
    """Give the statistics of a Redis that holds all keys alone, else None."""
    if redis_url is None or "+cluster" in redis_url:
        yield None
        return
    with contextlib.closing(RedisStatistics(redis_url)) as statistics:
        statistics.counters()  # one that cannot be asked would abort every trial
        yield statistics

"""Makes the bench for trials out of a stack that runs."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from loadtests.experiments.bench import Bench, Progress
from loadtests.experiments.locust_load import LocustLoad
from loadtests.experiments.records import save_trial
from loadtests.experiments.redis_statistics import RedisStatistics
from loadtests.experiments.service_under_test import ServiceUnderTest
from loadtests.experiments.stack.contract import Stack
from loadtests.experiments.stack.guardian import Guardian
from loadtests.samples import read_samples
from loadtests.service_client import ServiceError


@contextmanager
def bench_on(
    stack: Stack, folder: Path, progress: Progress, metrics_host: str | None = None
) -> Iterator[tuple[ServiceUnderTest, Bench]]:
    """Give the service and a bench that saves into a folder; restore the knobs at the end.

    The load serves its metrics at *metrics_host*, None for nowhere.

    Raises:
        ServiceError: The service is not there.
    """
    service = ServiceUnderTest(stack.service_urls, stack.control_token)
    knobs = service.knobs()
    try:
        with TemporaryDirectory(prefix="cacheaside-load-") as scratch, Guardian() as guardian:
            yield (
                service,
                Bench(
                    service=service,
                    redis=_statistics(stack.redis_url),
                    load=LocustLoad(
                        guardian, stack.service_urls, stack.control_token, metrics_host
                    ),
                    read_samples=read_samples,
                    save=partial(save_trial, folder),
                    progress=progress,
                    scratch=Path(scratch),
                ),
            )
    finally:
        with contextlib.suppress(ServiceError):
            service.set_knobs(knobs)
        service.close()


def _statistics(redis_url: str | None) -> RedisStatistics | None:
    """Return the statistics of a Redis that holds all keys alone, else None."""
    if redis_url is None or "+cluster" in redis_url:
        return None
    return RedisStatistics(redis_url)

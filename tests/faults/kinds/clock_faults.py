"""Steps of the wall clock of Redis; no lookup or write depends on that of the services."""

from collections.abc import Iterator

from tests.faults.fault import of_clock
from tests.faults.stage import Stage

HOUR = 3600


def forward(stage: Stage) -> Iterator[None]:
    stage.clock.step(HOUR)
    yield


def back(stage: Stage) -> Iterator[None]:
    stage.clock.step(-HOUR)
    yield


FAULTS = (
    of_clock("the clock of Redis is set forward by an hour", forward),
    of_clock("the clock of Redis is set back by an hour", back),
)

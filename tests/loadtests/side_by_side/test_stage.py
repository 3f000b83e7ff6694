"""A burst whose requests fail is measured again, and the bench says so."""

import pytest

from loadtests.side_by_side.stage import Stage
from loadtests.side_by_side.wrk import Burst
from loadtests.stack.guardian import StackError

SOUND = Burst(requests=500, seconds=1.0, failed=0, p50_seconds=0.01, p99_seconds=0.02)
FAILED = Burst(requests=500, seconds=1.0, failed=50, p50_seconds=0.01, p99_seconds=0.02)


class Server:
    name = "service-32"
    url = "http://127.0.0.1:1/fruit/1"

    def cpu_seconds(self):
        return 0.0


class Sender:
    def __init__(self, *bursts):
        self._bursts = iter(bursts)

    def send(self, *_, **__):
        return next(self._bursts)


def measure(*bursts):
    said = []
    stage = Stage(guardian=None, wrk=Sender(*bursts), environment={}, say=said.append)
    return stage.measure(Server(), ""), said


def test_burst_without_failures_counts_at_once():
    measured, said = measure(SOUND)

    assert (measured.rate, said) == (500.0, [])


def test_burst_with_failures_is_measured_again_and_said():
    measured, said = measure(FAILED, SOUND)

    assert measured.rate == 500.0
    assert said == ["service-32: 50 of 500 requests failed; measured again"]


def test_failures_in_three_bursts_end_the_bench():
    with pytest.raises(StackError, match="service-32: 50 of 500 requests failed"):
        measure(FAILED, FAILED, FAILED)

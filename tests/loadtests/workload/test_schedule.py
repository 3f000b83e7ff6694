"""The settings divided among scenarios and processes."""

import numpy as np
import pytest

from loadtests.traffic.arrivals import RecordedArrivals
from loadtests.traffic.trace import Trace
from loadtests.workload.operations import Keys
from loadtests.workload.schedule import arrivals_for, part_for, quota_for, trace_reads
from loadtests.workload.shares import divide
from tests.loadtests.settings_for import settings


def share(**users):
    return divide(0.0, 0.0, 0, {"only": users})["only"]


def test_the_rate_is_divided_among_scenarios_by_their_users():
    given = settings(rate=100.0)
    divided = share(HotKey=1, ReadHeavy=3)

    times = arrivals_for(given, None, divided, "ReadHeavy").next_times(75_000)

    assert times.size / times[-1] == pytest.approx(75.0, rel=0.02)


def test_scenarios_have_independent_arrivals():
    given, divided = settings(), share(HotKey=1, ReadHeavy=1)

    one, other = (
        arrivals_for(given, None, divided, name).next_times(10) for name in divided.scenarios
    )

    assert not np.allclose(one, other)


@pytest.mark.parametrize("requests", [1, 10, 1001])
def test_quotas_add_up_to_the_requests(requests):
    given, divided = settings(requests=requests), share(HotKey=2, MissingIds=1, ReadHeavy=4)

    quotas = [quota_for(given, divided, name) for name in divided.scenarios]

    assert sum(quotas) == requests


def test_a_run_without_a_number_of_requests_has_no_quota():
    assert quota_for(settings(), share(ReadHeavy=1), "ReadHeavy") is None


def test_a_trace_keeps_its_own_times_on_request():
    trace = Trace(np.array([1, 2]), np.array([0.0, 3.0]))
    given = settings(trace_times="yes")

    assert isinstance(
        arrivals_for(given, trace, share(TraceReplay=1), "TraceReplay"), RecordedArrivals
    )


@pytest.mark.parametrize("arrivals", ["poisson", "paced"])
def test_predicted_times_of_trace_reads_are_those_at_which_they_are_sent(arrivals):
    trace = Trace(np.arange(1, 2001), None)
    given = settings(arrivals=arrivals, seed=7)
    sent = arrivals_for(given, trace, share(TraceReplay=3), "TraceReplay")

    times = np.concatenate([sent.next_times(500) for _ in range(3)])

    assert trace_reads(given, trace, 1500) == [
        (pytest.approx(at, abs=1e-6), number) for number, at in enumerate(times, start=1)
    ]


def test_an_ordered_sequence_is_sent_by_one_process():
    divided = divide(0.0, 0.0, 0, {"a": {"TraceReplay": 1}, "b": {"TraceReplay": 3}})

    parts = [
        part_for(divided[process].scenarios["TraceReplay"], ordered=True, by_key=False)
        for process in ("a", "b")
    ]

    assert parts[0] is not None
    assert parts[1] is None


def test_a_scenario_with_writes_is_divided_by_key():
    part = part_for(share(ReadWrite=1).scenarios["ReadWrite"], ordered=False, by_key=True)

    assert isinstance(part, Keys)

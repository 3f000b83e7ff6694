"""Traces of keys: what a target is asked for, and what does not go together with them."""

import dataclasses

import pytest

from loadtests.experiments.commands.flags.own_service_flags import measured_target
from loadtests.experiments.plan.plan import make_plan
from loadtests.experiments.trial.sweep_trials import lay_out
from loadtests.target.target_file import TargetFlags, read_target
from loadtests.traffic.trace import TraceError
from loadtests.workload.flags import FlagError
from loadtests.workload.scenario import Workload
from loadtests.workload.trace_of_target import read_trace_for
from tests.loadtests.settings_for import settings

URL = "http://127.0.0.1:8080/api/{key}"


@pytest.fixture
def trace(tmp_path):
    path = tmp_path / "day.txt"
    path.write_text("a b/ü\npear\na b/ü\n7\n")
    return path


def described(**flags):
    return read_target(TargetFlags(url=URL, **flags))


def test_a_target_is_asked_for_the_keys_of_the_trace_encoded_and_in_order(trace):
    chosen = settings(target_url=URL, trace=str(trace))
    workload = Workload(chosen, chosen.read_trace())
    keys, (endpoint,) = workload.target.keys, workload.target.endpoints

    assert [endpoint.path(keys.key(number)) for number in workload.trace.ids] == [
        "/api/a%20b%2F%C3%BC",
        "/api/pear",
        "/api/a%20b%2F%C3%BC",
        "/api/7",
    ]
    assert keys.left is None  # Whether they were asked for before is not known.


def test_ids_are_still_the_numbers_of_keys(trace):
    trace.write_text("2\n1\n")
    chosen = settings(target_url=URL, trace=str(trace), target_keys="20-29")
    keys = Workload(chosen, chosen.read_trace()).target.keys

    assert [keys.key(2), keys.key(1)] == ["21", "20"]


def test_our_own_service_takes_no_keys(trace):
    with pytest.raises(FlagError, match="line 1: an id must be 1 to"):
        settings(trace=str(trace)).read_trace()


def test_keys_of_a_trace_and_target_keys_do_not_go_together(trace):
    with pytest.raises(TraceError, match=r"line 1: .*--target-keys; leave these out"):
        read_trace_for(trace, described(keys="1-9"))
    with pytest.raises(TraceError, match=r"target-skip-keys must be 0 .* got '3'"):
        read_trace_for(trace, described(skip_keys=3))


def test_a_sweep_says_whose_keys_it_asks_for_and_holds_none_for_new(trace):
    plan = make_plan({}, {})
    load = dataclasses.replace(plan.load, trace=trace)
    target = described()
    sweep = lay_out(dataclasses.replace(plan, ttl_seconds=(2.0,), load=load), target)
    told = measured_target(target, TargetFlags(url=URL), sweep, None)

    assert sweep.largest_id == 3
    assert told.target.keys.key(2) == "pear"
    assert f"for the keys of {trace};" in told.target.describe()

"""One sequence for all processes, and each process's part of it."""

import numpy as np
import pytest

from loadtests.traffic.arrivals import PacedArrivals
from loadtests.traffic.outside_ids import FIRST_MISSING_ID
from loadtests.traffic.rate_shape import Shape
from loadtests.traffic.trace import TracePopularity
from loadtests.traffic.zipf import Zipf
from loadtests.workload.operations import Keys, Operations, Schedule, Turns


def sequence(*, quota=None, write_ratio=0.0, ids=None):
    popularity = Zipf(100, 0.99, seed=1) if ids is None else TracePopularity(np.array(ids))
    arrivals = PacedArrivals(100.0, Shape())
    return Schedule(arrivals, popularity.sampler(0), write_ratio, 1, quota)


def drain(operations, block=64):
    blocks = []
    while (found := operations.next_block(block)) is not None:
        blocks.append(found)
    times, keys, writes = map(np.concatenate, list(zip(*blocks, strict=True))[:3])
    order = np.argsort(times, kind="stable")
    return times[order], keys[order], writes[order]


@pytest.mark.parametrize("users", [(1,), (2, 1), (3, 3, 1)], ids=str)
def test_turns_of_all_processes_add_up_to_the_whole_sequence(users):
    total = sum(users)
    parts, first = [], 0
    for here in users:
        own = Operations(sequence(quota=500, write_ratio=0.3), Turns(first, here, total))
        parts.append(drain(own))
        first += here

    times, keys, writes = map(np.concatenate, zip(*parts, strict=True))
    order = np.argsort(times)
    whole = drain(sequence(quota=500, write_ratio=0.3))

    assert np.array_equal(times[order], whole[0])
    assert np.array_equal(keys[order], whole[1])
    assert np.array_equal(writes[order], whole[2])


def test_turns_are_shared_evenly():
    own = drain(Operations(sequence(quota=600), Turns(1, 1, 3)))

    assert own[0].size == 200


def test_each_key_belongs_to_one_process():
    owned = [
        set(drain(Operations(sequence(quota=2_000), Keys(nth, 3)))[1].tolist()) for nth in range(3)
    ]

    assert not owned[0] & owned[1]
    assert not owned[1] & owned[2]
    assert not owned[0] & owned[2]
    assert len(set.union(*owned)) == len(set(drain(sequence(quota=2_000))[1].tolist()))


def test_a_quota_ends_the_sequence():
    assert drain(sequence(quota=130))[0].size == 130


def test_a_trace_ends_the_sequence_before_its_quota():
    times, keys, _ = drain(sequence(ids=[5, 6, 7], quota=10))

    assert keys.tolist() == [5, 6, 7]
    assert times.tolist() == [0.0, 0.01, 0.02]


def test_a_block_of_others_operations_ends_when_the_last_of_them_is_due():
    block = Operations(sequence(), Turns(1, 0, 2)).next_block(64)

    assert block.times.size == 0
    assert block.until == pytest.approx(0.63)


def test_the_write_ratio_is_the_share_of_writes():
    writes = drain(sequence(quota=10_000, write_ratio=0.2))[2]

    assert writes.mean() == pytest.approx(0.2, abs=0.02)


def test_missing_ids_are_never_written():
    missing = FIRST_MISSING_ID + 5
    _, keys, writes = drain(
        Operations(sequence(write_ratio=1.0, ids=[3, missing, 4]), Turns(0, 1, 1))
    )

    assert dict(zip(keys.tolist(), writes.tolist(), strict=True)) == {
        3: True,
        missing: False,
        4: True,
    }


@pytest.mark.parametrize(("first", "ours"), [(0, 10_000), (1, 10_000)])
def test_overdue_operations_of_this_process_are_skipped_and_counted(first, ours):
    operations = Operations(sequence(), Turns(first, 1, 2))

    # The sequence has 100 operations per second from 0 s on.
    assert operations.pass_over(199.995) == ours


def test_no_more_operations_are_skipped_than_there_are():
    assert Operations(sequence(quota=30), Turns(0, 1, 1)).pass_over(1e6) == 30

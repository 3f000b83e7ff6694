"""The open loop, one turn at a time, on a clock that stands still."""

import gevent
import numpy as np
import pytest

from loadtests.sender.loops import OpenLoop
from loadtests.workload.operations import Block

NOTHING = np.empty(0)


class Others:
    """Operations that all belong to another process; each block lasts one second."""

    def __init__(self):
        self.drawn = 0

    def next_block(self, count):
        del count
        assert self.drawn < 10, "it never waits"
        self.drawn += 1
        return Block(NOTHING, NOTHING, NOTHING, float(self.drawn))


@pytest.mark.parametrize("now", [0.0, 100.0], ids=["on time", "late"])
def test_a_process_without_operations_of_its_own_yields_to_other_greenlets(now):
    others = Others()
    sending = gevent.spawn(OpenLoop(others, None, None, lambda: now).run)

    gevent.sleep(0)

    assert others.drawn == 1
    sending.kill()

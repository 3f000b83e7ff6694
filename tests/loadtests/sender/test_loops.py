"""The open loop, turn by turn; time stands still."""

import gevent
import numpy as np
import pytest

from loadtests.sender.loops import OpenLoop
from loadtests.workload.operations import Block

NOTHING = np.empty(0)


class Others:
    """Operations that are all another process's; each stretch takes a second."""

    def __init__(self):
        self.drawn = 0

    def next_block(self, count):
        del count
        assert self.drawn < 10, "it never waits"
        self.drawn += 1
        return Block(NOTHING, NOTHING, NOTHING, float(self.drawn))


@pytest.mark.parametrize("now", [0.0, 100.0], ids=["on time", "late"])
def test_a_process_without_operations_of_its_own_gives_way_to_others(now):
    others = Others()
    sending = gevent.spawn(OpenLoop(others, None, None, lambda: now).run)

    gevent.sleep(0)

    assert others.drawn == 1
    sending.kill()

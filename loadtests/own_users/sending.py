"""The lookups of one user, from when it begins until the last of them has ended."""

import math

import gevent
import numpy as np
from locust import User

from loadtests.own_users.lookup import LookUp, UserPerformer
from loadtests.own_users.lookup_stream import LookupStream
from loadtests.own_users.run_counts import RunCounts
from loadtests.sender.loops import OpenLoop
from loadtests.sender.slots import InFlight


class Sending:
    """Sends the lookups of one user when they are due.

    Args:
        user: Who sends them.
        stream: Which, and when.
        look_up: Sends one and ends it.
        counts: Counts them.
        sequence: Number of the user's random sequence.

    Attributes:
        greenlet: Submits the lookups, until it is ended.
        pool: Performs the lookups.
    """

    def __init__(
        self,
        user: User,
        stream: LookupStream,
        look_up: LookUp,
        counts: RunCounts,
        sequence: int,
    ) -> None:
        self._now = counts.now
        self._stream = stream
        self._began, self._ended = counts.now(), math.inf
        # A FastHttpUser would let further requests wait unseen.
        limit = min(stream.max_in_flight, getattr(user, "concurrency", stream.max_in_flight))
        self.pool = InFlight(limit, stream.max_wait_seconds, counts.now)
        performer = UserPerformer(user, look_up, counts)
        operations = stream.operations(sequence, self._began)
        self._loop = OpenLoop(operations, self.pool, performer, counts.now)
        self.greenlet = gevent.spawn(self._loop.run)

    @property
    def sent(self) -> int:
        """How many lookups were due and submitted."""
        return self._loop.sent

    @property
    def rate(self) -> float:
        """How many lookups a second are to be sent now; 0 after the end."""
        if self._ended < math.inf:
            return 0.0
        now = np.array([self._now()])
        return self._stream.rate * float(self._stream.shape.rate_at(now)[0])

    @property
    def asked_for(self) -> float:
        """How many lookups the rate has asked for so far."""
        span = np.array([self._began, min(self._ended, self._now())])
        begins, ends = self._stream.shape.integral_at(span)
        return self._stream.rate * float(ends - begins)

    def end(self) -> int:
        """Submit no more, and return how many lookups were due and not submitted.

        Lookups under way go on.
        """
        if self._ended < math.inf:
            return 0
        self._ended = self._now()
        self.greenlet.kill()
        return self._loop.overdue()

"""The requests of a scenario and when they are due: one schedule, and each process's part of it.

Every process draws the same schedule from the seed and sends its own part. So a run sends exactly
the same requests at the same times for any number of users and processes.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadtests.traffic.arrivals import Arrivals
from loadtests.traffic.outside_ids import FIRST_MISSING_ID
from loadtests.traffic.popularity import Sampler

BLOCK = 512
"""How many operations a loop draws at a time."""

_WRITES = 6
_PASSED_OVER = 8192
_OWNER_MIX = np.uint64(0x9E3779B97F4A7C15)


class Block(NamedTuple):
    """Consecutive operations in order of time.

    Attributes:
        times: When they are due, seconds since the run's start.
        keys: The ids that they look up or write.
        writes: Which of them are writes.
        until: When the last operation of all processes in the block is due.
    """

    times: NDArray[np.float64]
    keys: NDArray[np.int64]
    writes: NDArray[np.bool_]
    until: float


class Schedule:
    """All operations of one scenario.

    Args:
        arrivals: When they are due.
        sampler: Draws their ids.
        write_ratio: Share of writes; ids that do not exist are never written.
        seed: Fixes which operations are writes.
        quota: Total number of operations; None for no end.
    """

    def __init__(
        self,
        arrivals: Arrivals,
        sampler: Sampler,
        write_ratio: float,
        seed: int,
        quota: int | None,
    ) -> None:
        self._arrivals = arrivals
        self._sampler = sampler
        self._write_ratio = write_ratio
        self._generator = np.random.default_rng([seed, _WRITES])
        self._left = quota
        self.drawn = 0

    def next_block(self, count: int) -> Block | None:
        """Return the next *count* operations, fewer at the end; None after it."""
        if self._left is not None:
            count = min(count, self._left)
            self._left -= count
        times = self._arrivals.next_times(count) if count else np.empty(0)
        keys = self._sampler.draw(times)
        if not keys.size:
            return None
        writes = self._generator.random(keys.size) < self._write_ratio
        writes &= keys < FIRST_MISSING_ID  # A write would create the id.
        self.drawn += keys.size
        return Block(times[: keys.size], keys, writes, float(times[keys.size - 1]))


Part = Callable[[Block, int], NDArray[np.bool_]]
"""Chooses which operations of a block, given the first one's number in the schedule, are sent."""


@dataclass(frozen=True)
class Turns:
    """The operations of some users: of n users, user u does operations u, u + n, u + 2n, ….

    Attributes:
        first: Number of the first of these users.
        here: How many they are.
        users: How many users share the operations.
    """

    first: int
    here: int
    users: int

    def __call__(self, block: Block, first: int) -> NDArray[np.bool_]:
        """Return which operations belong to these users."""
        user = np.arange(first, first + block.keys.size) % self.users
        return (user >= self.first) & (user < self.first + self.here)


ALL = Turns(0, 1, 1)
"""Every operation of a scenario."""


@dataclass(frozen=True)
class Keys:
    """All operations on one process's keys: only that process knows what was written to them.

    Attributes:
        nth: Number of the process.
        processes: How many processes share the keys.
    """

    nth: int
    processes: int

    def __call__(self, block: Block, first: int) -> NDArray[np.bool_]:
        """Return which operations have a key of this process."""
        del first
        mixed = (block.keys.astype(np.uint64) * _OWNER_MIX) >> np.uint64(40)
        owners = mixed % np.uint64(self.processes)
        return np.asarray(owners == self.nth)


class Operations:
    """One process's part of a schedule.

    Args:
        schedule: All operations of the scenario.
        part: Chooses those of this process.
    """

    def __init__(self, schedule: Schedule, part: Part) -> None:
        self._schedule = schedule
        self._part = part

    def next_block(self, count: int) -> Block | None:
        """Draw *count* operations of the schedule and return ours; None at its end."""
        first = self._schedule.drawn
        block = self._schedule.next_block(count)
        if block is None:
            return None
        ours = self._part(block, first)
        return Block(block.times[ours], block.keys[ours], block.writes[ours], block.until)

    def pass_over(self, until: float) -> int:
        """Draw all operations due up to *until*, and return how many of them were ours."""
        ours, drawn_to = 0, -math.inf
        while drawn_to <= until:
            first = self._schedule.drawn
            block = self._schedule.next_block(_PASSED_OVER)
            if block is None:
                break
            ours += int(np.sum(self._part(block, first) & (block.times <= until)))
            drawn_to = block.until
        return ours

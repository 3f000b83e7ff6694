"""Which ids lookups ask for, and how often: what every popularity must answer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray


class Masses(NamedTuple):
    """The probabilities of a popularity, as the formulas need them.

    The probability that is left over belongs to ids that are never asked for again.

    Attributes:
        probability: Share of all lookups that one existing id has.
        items: How many ids have that share.
        missing_probability: Share of all lookups that one id outside the catalogue has.
        missing_items: How many ids have that share.
        one_hit_ratio: Share of all lookups for ids that are asked for in turn, once each.
        one_hit_items: How many ids take turns.
    """

    probability: NDArray[np.float64]
    items: NDArray[np.float64]
    missing_probability: float = 0.0
    missing_items: float = 0.0
    one_hit_ratio: float = 0.0
    one_hit_items: float = 0.0


class Sampler(Protocol):
    """A seeded sequence of ids."""

    def draw(self, times: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return one id for each of *times*, seconds since the start of the run."""


@dataclass(frozen=True, slots=True)
class SampledBy:
    """A sampler whose whole state is within one function.

    Attributes:
        draw: Returns one id for each of the times; fewer at the end of a sequence that ends.
    """

    draw: Callable[[NDArray[np.float64]], NDArray[np.int64]]


class Popularity(Protocol):
    """Decides which id a lookup asks for."""

    largest_id: int
    """The catalogue must hold the ids 1 … largest_id."""

    ordered: bool
    """Whether the order of the ids matters, so that one process must send them all."""

    def sampler(self, sequence: int) -> Sampler:
        """Return random sequence number *sequence*; the same number draws the same ids."""

    def masses(self) -> Masses | None:
        """Return the probabilities; None if they change with time."""

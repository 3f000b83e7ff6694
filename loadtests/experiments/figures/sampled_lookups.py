"""What samples tell of the lookups of a span of time: how they ended, and how late they began."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from loadtests.experiments.records.samples_file import Samples
from loadtests.sender.samples import RESULT_INDEX
from loadtests.service_under_test.contract import RECORDED_RESULTS, hit_ratio

WITHOUT_VALUE = ("error", "failed", "dropped")
"""Results of lookups that got no value."""


def ended_in(samples: Samples, words: Sequence[str]) -> NDArray[np.bool_]:
    """Return which samples ended in one of some results."""
    found: NDArray[np.bool_] = np.isin(samples["result"], [RESULT_INDEX[word] for word in words])
    return found


def sampled_hit_ratio(samples: Samples) -> float | None:
    """Return the hit ratio of the lookups that the cache was asked for; None if unknown."""
    codes = np.bincount(samples["result"], minlength=len(RECORDED_RESULTS))
    return hit_ratio(dict(zip(RECORDED_RESULTS, codes.tolist(), strict=True)))


def slip_of(samples: Samples) -> NDArray[np.float64]:
    """Return how much later than intended each lookup was sent, in seconds."""
    late = samples["response"].astype(np.float64) - samples["service"]
    known: NDArray[np.float64] = late[~np.isnan(late)]
    return known

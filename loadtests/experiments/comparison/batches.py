"""The figures of a trial in batches of equal time, from its samples."""

import numpy as np
from numpy.typing import NDArray

from loadtests.experiments.figures.intervals import FEWEST_BEYOND
from loadtests.experiments.figures.sampled_lookups import ended_in
from loadtests.experiments.records.samples_file import Samples
from loadtests.service_under_test.contract import CACHE_RESULTS

MOST_BATCHES = 20
FEWEST_BATCHES = 5
_NORMAL_95 = 1.96


def cut(samples: Samples, count: int) -> list[Samples]:
    """Return the samples in *count* batches of equal time, by their intended start."""
    if not len(samples):
        return []
    intended = samples["intended"]
    edges = np.linspace(intended.min(), intended.max(), count + 1)[1:-1]
    return [samples[part] for part in _parts(np.searchsorted(edges, intended, side="right"), count)]


def _parts(batch_of: NDArray[np.intp], count: int) -> list[NDArray[np.intp]]:
    return [np.flatnonzero(batch_of == batch) for batch in range(count)]


def batches_for(quantile: float, samples: int) -> int:
    """Return how many batches leave enough samples beyond a quantile in each; 1 if too few do."""
    count = min(int(samples * (1 - quantile) // FEWEST_BEYOND), MOST_BATCHES)
    return count if count >= FEWEST_BATCHES else 1


def lookups_of(samples: Samples) -> int:
    """Return how many lookups reached the cache."""
    return int(ended_in(samples, CACHE_RESULTS).sum())


def miss_rate_of(samples: Samples, seconds: float) -> float:
    """Return loads of the store per second."""
    return float(ended_in(samples, ["miss"]).sum() / seconds)


def quantile_of(samples: Samples, quantile: float) -> float | None:
    """Return a quantile of all response times in ms; None without any answer."""
    response = response_ms(samples)
    if not response.size:
        return None
    return float(np.quantile(response, quantile, method="inverted_cdf"))


def quantile_half_width(samples: Samples, quantile: float) -> float | None:
    """Return half the 95 % interval of a quantile in ms, by order statistics.

    The ranks are those of the binomial distribution, normally approximated. None if the samples do
    not reach so far.
    """
    response = np.sort(response_ms(samples))
    spread = _NORMAL_95 * np.sqrt(response.size * quantile * (1 - quantile))
    low = int(np.floor(response.size * quantile - spread)) - 1
    high = int(np.ceil(response.size * quantile + spread))
    if low < 0 or high >= response.size:
        return None
    return float(response[high] - response[low]) / 2


def response_ms(samples: Samples) -> NDArray[np.float64]:
    """Return the known response times."""
    response = samples["response"].astype(np.float64)
    return response[~np.isnan(response)] * 1000.0

"""What samples tell of how lookups ended."""

import numpy as np

from loadtests.experiments.figures.sampled_lookups import sampled_hit_ratio
from loadtests.sender.samples import RESULT_INDEX, SAMPLE_DTYPE


def samples(**counts):
    words = [word for word, count in counts.items() for _ in range(count)]
    found = np.zeros(len(words), dtype=SAMPLE_DTYPE)
    found["result"] = [RESULT_INDEX[word] for word in words]
    return found


def test_hit_ratio_is_that_of_the_lookups_that_asked_the_cache():
    asked = samples(hit=5, near=1, stale=1, negative=1, miss=1, coalesced=1, bypass=3, error=3)

    assert sampled_hit_ratio(asked) == 0.8


def test_hit_ratio_is_unknown_where_answers_do_not_tell():
    assert sampled_hit_ratio(samples(hit=5, unknown=5)) is None
    assert sampled_hit_ratio(samples(hit=999, miss=1000, unknown=1)) == 999 / 1999
    assert sampled_hit_ratio(samples()) is None

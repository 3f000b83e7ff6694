"""Percentiles of all lookups and of each result."""

import numpy as np
import pytest

from loadtests.experiments.figures.percentiles import percentiles_of
from loadtests.sender.samples import DROPPED, RESULT_INDEX


def test_all_lookups_count_with_their_own_result(samples):
    found = percentiles_of(samples())

    assert found["all response"].samples == 2200
    assert found["hit response"].samples + found["miss response"].samples == 2200
    assert found["all response"].p50 == pytest.approx(0.0016, abs=0.0001)
    assert found["all response"].p95 == pytest.approx(0.012)
    assert found["all service"].p95 == pytest.approx(0.006)
    assert found["stale response"].samples == 0


def test_lookup_that_was_never_sent_has_a_response_time_but_no_service_time(samples):
    taken = samples()
    taken["result"][:100] = DROPPED
    taken["response"][:100] = 30.0
    taken["service"][:100] = np.nan

    found = percentiles_of(taken)

    assert found["all response"].samples == 2200
    assert found["all response"].p99 == 30.0
    assert found["all service"].samples == 2100
    assert found["all service"].p99 == pytest.approx(0.006)


def test_every_result_of_the_service_has_percentiles(samples):
    found = percentiles_of(samples())

    words = set(RESULT_INDEX) - {"failed", "dropped"} | {"all"}
    assert set(found) == {f"{word} {clock}" for word in words for clock in ("response", "service")}

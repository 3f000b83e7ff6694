"""TTLs, soft expiry and early recompute, checked with hand-computed numbers."""

import math
import random

import pytest

from service.domain.expiry import (
    full_ttls_ms,
    grace_ms,
    longest_ttl_seconds,
    physical_ttl_ms,
    recomputes_early,
    same_ttls,
)
from service.domain.knobs import Knobs

PLAIN = Knobs(ttl_seconds=10.0)
JITTERED = Knobs(ttl_seconds=10.0).with_changes({"ttl_jitter_ratio": 0.2})
STALE = Knobs(ttl_seconds=10.0).with_changes({"protection": "stale", "stale_seconds": 30})


@pytest.mark.parametrize(
    ("knobs", "negative", "spread", "expected"),
    [
        (PLAIN, False, 0.7, 10_000),
        (PLAIN, True, 0.7, 5000),
        (JITTERED, False, -1.0, 8000),
        (JITTERED, False, 0.5, 11_000),
        (JITTERED, True, 1.0, 5000),
        (STALE, False, 0.0, 40_000),
        (STALE, True, 0.0, 5000),
        (Knobs(ttl_seconds=0.001).with_changes({"ttl_jitter_ratio": 0.9}), False, -1.0, 1),
        (Knobs(negative_ttl_seconds=0.0), True, 0.0, 0),
    ],
)
def test_physical_ttl_in_milliseconds(knobs, negative, spread, expected):
    assert expected == physical_ttl_ms(knobs, negative=negative, spread=spread)


@pytest.mark.parametrize(
    ("knobs", "expected"), [(PLAIN, 10), (JITTERED, 12), (STALE, 40), (Knobs(ttl_seconds=1.0), 5)]
)
def test_longest_ttl_bounds_every_entry(knobs, expected):
    assert expected == longest_ttl_seconds(knobs)


def test_full_ttls_are_those_at_the_start_of_a_fruit_and_of_an_absence():
    assert full_ttls_ms(PLAIN) == (10_000, 5000)
    assert full_ttls_ms(STALE) == (40_000, 5000)


def test_jitter_hides_the_full_ttl_of_a_fruit_but_not_of_an_absence():
    assert full_ttls_ms(JITTERED) == (-1, 5000)


def test_only_entries_under_protection_stale_have_a_grace_period():
    assert [grace_ms(knobs, negative=False) for knobs in (PLAIN, STALE)] == [0, 30_000]
    assert grace_ms(STALE, negative=True) == 0


def test_ttls_are_the_same_unless_ttl_or_protection_changes():
    assert same_ttls(PLAIN, PLAIN.with_changes({"store_delay_seconds": 1, "fencing": "off"}))
    assert not same_ttls(PLAIN, PLAIN.with_changes({"ttl_seconds": 11}))
    assert not same_ttls(PLAIN, PLAIN.with_changes({"protection": "lease"}))


def test_early_recompute_follows_the_measured_load_time():
    """One load time before expiry, a lookup refreshes with probability 1/e."""
    draws = random.Random(1)
    for remaining_ms, load, beta in ((100, 0.1, 1.0), (200, 0.1, 2.0), (50, 0.1, 1.0)):
        hits = sum(
            recomputes_early(remaining_ms, load, beta, draws.random()) for _ in range(20_000)
        )

        expected = math.exp(-remaining_ms / 1000 / (load * beta))
        assert abs(hits / 20_000 - expected) < 0.015


def test_early_recompute_needs_a_load_time_and_a_ttl():
    assert not recomputes_early(1, None, 10, 0.999999)
    assert not recomputes_early(-1, 1.0, 10, 0.999999)
    assert recomputes_early(0, 0.1, 1, 0.0)

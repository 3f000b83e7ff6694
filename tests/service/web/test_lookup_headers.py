"""The headers of a lookup: their units, and what they say of each result."""

import pytest

from service.domain.cache import FillOutcome
from service.domain.lookup import Lookup, LookupResult
from service.web.lookup_headers import cache_status, with_lookup_headers
from tests.service.parts import APPLE


@pytest.fixture
def headers(app):
    """Returns the headers of a lookup."""
    return lambda lookup: with_lookup_headers(app.response_class(), lookup).headers


def test_server_timing_is_in_milliseconds(headers):
    lookup = Lookup(APPLE, LookupResult.MISS, cache_seconds=0.0012, store_seconds=0.25)

    assert headers(lookup)["Server-Timing"] == "cache;dur=1.200, store;dur=250.000"


def test_age_is_in_whole_seconds_and_rounded_down(headers):
    assert headers(Lookup(APPLE, LookupResult.HIT, age_seconds=1.9))["Age"] == "1"


def test_remaining_ttl_is_rounded_down_also_when_it_is_past(headers):
    hit = Lookup(APPLE, LookupResult.HIT, remaining_seconds=41.9)
    stale = Lookup(APPLE, LookupResult.STALE, remaining_seconds=-3.1)

    assert headers(hit)["Cache-Status"] == "cacheaside; hit; ttl=41"
    assert headers(stale)["Cache-Status"] == "cacheaside; hit; ttl=-4"


@pytest.mark.parametrize("outcome", [FillOutcome.FENCED, FillOutcome.FAILED, FillOutcome.REDUNDANT])
def test_fill_that_stored_nothing_is_no_stored(outcome):
    status = cache_status(Lookup(APPLE, LookupResult.MISS, fill=outcome))

    assert status == f"cacheaside; fwd=miss; detail=fill-{outcome.value}"

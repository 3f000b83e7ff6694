"""The answer to a lookup: what Flask would give, byte for byte, and headers that explain it."""

import pytest

from service.domain.cache import FillOutcome
from service.domain.fruit import Fruit
from service.domain.lookup import Lookup, LookupResult
from service.web import lookups
from tests.service.parts import APPLE

WITH_FRUIT = [result for result in LookupResult if result not in {"negative", "error"}]
NAMES = ["apple", 'a "quoted" one', "tab\tand\nline", "Äpfel", "梨", "🍐", "\\", "</script>", None]


@pytest.mark.parametrize("result", WITH_FRUIT)
def test_answer_is_what_flask_makes_of_every_result(app, result):
    lookup = Lookup(APPLE, result, remaining_seconds=42.0, cache_seconds=0.001, age_seconds=18.0)
    with app.app_context():
        expected = lookups._finished(lookups._respond(lookup))

    assert lookups._answer_with_fruit(APPLE, lookup) == expected


@pytest.mark.parametrize("name", NAMES)
def test_answer_is_what_flask_makes_of_every_name(app, name):
    fruit = Fruit(2_147_483_647, name, 0 if name else None)
    lookup = Lookup(fruit, LookupResult.HIT)
    with app.app_context():
        expected = lookups._finished(lookups._respond(lookup))

    assert lookups._answer_with_fruit(fruit, lookup) == expected


def test_methods_of_a_fruit_are_still_those_of_flask(client):
    allowed = client.options("/fruit/1").headers["Allow"].split(", ")

    assert set(allowed) == {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}
    assert client.post("/fruit/1").status_code == 405


@pytest.fixture
def headers(app):
    """Returns the headers of a lookup."""
    return lambda lookup: lookups.with_lookup_headers(app.response_class(), lookup).headers


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
    status = lookups.cache_status(Lookup(APPLE, LookupResult.MISS, fill=outcome))

    assert status == f"cacheaside; fwd=miss; detail=fill-{outcome.value}"

"""The answer to a lookup is the one that Flask would give, byte for byte."""

import pytest

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

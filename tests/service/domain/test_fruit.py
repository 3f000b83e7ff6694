"""Ids in paths, values in the cache and bodies of requests."""

import json

import pytest

from service.domain.fruit import (
    Fruit,
    FruitError,
    PoisonedValueError,
    from_value,
    parse_fruit,
    parse_id,
    to_value,
)

APPLE = Fruit(1, "apple", 100)


@pytest.mark.parametrize(
    ("text", "number"), [("1", 1), ("42", 42), ("2147483647", 2147483647), ("1000000000", 10**9)]
)
def test_plain_decimal_is_an_id(text, number):
    assert number == parse_id(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "0", "-1", "+1", "01", "1.0", "1e3", "abc", " 1", "1 ", "1\n", "1_0", "0x1"),
        *(
            "٣",
            "²",
            "\uff11",
            "2147483648",
            "9999999999",
            "99999999999999999999",
            "1 OR 1=1",
            "1\0",
        ),
    ],
)
def test_other_texts_are_no_ids(text):
    assert parse_id(text) is None


def test_value_is_written_as_in_the_original_walkthrough():
    assert to_value(APPLE) == '{"id": 1, "name": "apple", "quantity": 100}'
    assert to_value(None) == "null"


@pytest.mark.parametrize(
    "fruit", [APPLE, Fruit(1, "", 0), Fruit(1, "\U0001f34e" * 255, -5), Fruit(1, '"\\', 1), None]
)
def test_value_is_read_back_unchanged(fruit):
    assert fruit == from_value(to_value(fruit).encode(), 1)


POISON = {
    "empty": b"",
    "not JSON": b"{",
    "not text": b"\xff\xfe\x00",
    "another id": b'{"id": 2, "name": "orange", "quantity": 200}',
    "id is true": b'{"id": true, "name": "apple", "quantity": 100}',
    "id is a float": b'{"id": 1.0, "name": "apple", "quantity": 100}',
    "missing part": b'{"id": 1, "name": "apple"}',
    "further part": b'{"id": 1, "name": "apple", "quantity": 1, "x": 1}',
    "name no text": b'{"id": 1, "name": 5, "quantity": 100}',
    "name too long": json.dumps({"id": 1, "name": "x" * 4090, "quantity": 1}).encode(),
    "quantity no number": b'{"id": 1, "name": "apple", "quantity": "100"}',
    "quantity infinite": b'{"id": 1, "name": "apple", "quantity": Infinity}',
    "quantity too large": b'{"id": 1, "name": "apple", "quantity": 9223372036854775808}',
    "list": b"[1]",
    "text": b'"null"',
    "number": b"7",
    "deeply nested": b"[" * 4000,
    "10 MB": b'"' + b"x" * 10_000_000 + b'"',
}


@pytest.mark.parametrize(
    "fruit",
    [
        Fruit(1, None, 100),
        Fruit(1, "apple", None),
        Fruit(1, "x" * 4000, 1),
        Fruit(1, "", -(2**63)),
        Fruit(1, "apple", 2**63 - 1),
    ],
)
def test_row_that_others_wrote_is_read_from_the_cache_as_it_was(fruit):
    assert from_value(to_value(fruit).encode(), 1) == fruit


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("text", ["%s", " %s", "%s\n"], ids=repr)
def test_value_that_others_wrote_as_other_json_is_read_too(text, encoding):
    assert from_value((text % to_value(APPLE)).encode(encoding), 1) == APPLE


@pytest.mark.parametrize("value", POISON.values(), ids=POISON.keys())
def test_poisoned_value_is_detected(value):
    with pytest.raises(PoisonedValueError):
        from_value(value, 1)


def test_body_with_name_and_quantity_is_a_fruit():
    assert parse_fruit(1, {"name": "apple", "quantity": 100}) == APPLE
    assert parse_fruit(1, {"id": 1, "name": "apple", "quantity": 100}) == APPLE


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"quantity": 1}, "name"),
        ({"name": "", "quantity": 1}, "name"),
        ({"name": None, "quantity": 1}, "name"),
        ({"name": ["a"], "quantity": 1}, "name"),
        ({"name": "x" * 256, "quantity": 1}, "name"),
        ({"name": "\ud800", "quantity": 1}, "name"),
        ({"name": "a"}, "quantity"),
        ({"name": "a", "quantity": -1}, "quantity"),
        ({"name": "a", "quantity": 2**31}, "quantity"),
        ({"name": "a", "quantity": 1.0}, "quantity"),
        ({"name": "a", "quantity": True}, "quantity"),
        ({"name": "a", "quantity": "1"}, "quantity"),
        ({"name": "a", "quantity": 1, "id": 2}, "id"),
        ({"name": "a", "quantity": 1, "id": True}, "id"),
        ({"name": "a", "quantity": 1, "id": "1"}, "id"),
        ({"name": "a", "quantity": 1, "color": "red"}, "color"),
    ],
)
def test_error_of_an_invalid_body_names_the_field(body, field):
    with pytest.raises(FruitError) as refused:
        parse_fruit(1, body)

    assert field == refused.value.field
    assert field in str(refused.value)

"""The fruit: one row of the store, its id in a path, its value in the cache."""

import json
import re
from collections.abc import Mapping
from json.encoder import encode_basestring_ascii
from typing import NamedTuple, TypeGuard

MAX_ID = 2_147_483_647
MAX_QUANTITY = 2_147_483_647
MAX_NAME_CHARACTERS = 255
# JSON escapes a character to at most 12 bytes, so that every name that clients may write fits. A
# row with a longer value is not served, and a longer value in the cache is not one of ours.
MAX_VALUE_BYTES = 4096
# Rows that others wrote may hold more than clients may write: a BIGINT, or no value at all.
MAX_STORED_QUANTITY = 2**63

_ID = re.compile(r"[1-9][0-9]{0,9}")
_scan = json.JSONDecoder().raw_decode


class PoisonedValueError(ValueError):
    """The value in the cache under a fruit's key is not that fruit."""


class Fruit(NamedTuple):
    """One row of the table `fruit`; None is the NULL of a table that allows it."""

    id: int
    name: str | None
    quantity: int | None

    def as_json_object(self) -> dict[str, int | str | None]:
        """Return the row as clients and the cache see it."""
        return {"id": self.id, "name": self.name, "quantity": self.quantity}


def parse_id(text: str) -> int | None:
    """Parse an id in a path; None unless it is plain decimal, 1 to `MAX_ID`.

    `int()` would also accept "01", "٣" and "1_000".
    """
    if not _ID.fullmatch(text):
        return None
    number = int(text)
    return number if number <= MAX_ID else None


class FruitError(ValueError):
    """The request's body is not a fruit.

    Attributes:
        field: The name that is wrong.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def parse_fruit(fruit_id: int, body: Mapping[str, object]) -> Fruit:
    """Parse a fruit as clients send it.

    Raises:
        FruitError: A field is missing, unknown or out of range.
    """
    for field in body:
        if field not in {"id", "name", "quantity"}:
            raise FruitError(field[:60], f"unknown field {field[:60]!r}; use name and quantity")
    name, quantity = body.get("name"), body.get("quantity")
    if type(name) is not str or not 1 <= len(name) <= MAX_NAME_CHARACTERS or not _is_text(name):
        raise FruitError("name", f"name must be text of 1 to {MAX_NAME_CHARACTERS} characters")
    if type(quantity) is not int or not 0 <= quantity <= MAX_QUANTITY:
        raise FruitError("quantity", f"quantity must be a whole number from 0 to {MAX_QUANTITY}")
    if "id" in body and (type(body["id"]) is not int or body["id"] != fruit_id):
        raise FruitError("id", f"id must be {fruit_id}, as in the path, or be left out")
    return Fruit(fruit_id, name, quantity)


def _is_text(name: str) -> bool:
    """Return whether UTF-8 can encode a string, which fails for half a surrogate pair."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def to_value(fruit: Fruit | None) -> str:
    """Encode a fruit, or None for a known absence, as the cache holds it."""
    if fruit is None:
        return "null"
    name = "null" if fruit.name is None else encode_basestring_ascii(fruit.name)
    quantity = "null" if fruit.quantity is None else fruit.quantity
    return f'{{"id": {fruit.id}, "name": {name}, "quantity": {quantity}}}'


def from_value(value: bytes, fruit_id: int) -> Fruit | None:
    """Decode a value of the cache; None is a cached absence.

    Raises:
        PoisonedValueError: It is neither an absence nor the fruit of that id.
    """
    if value == b"null":
        return None
    if len(value) > MAX_VALUE_BYTES:
        raise PoisonedValueError(f"{len(value)} bytes")
    try:
        row = _parse_json(value)
    except (ValueError, RecursionError) as error:
        raise PoisonedValueError("not JSON") from error
    if not isinstance(row, dict) or row.keys() != {"id", "name", "quantity"}:
        raise PoisonedValueError("wrong shape")
    if type(row["id"]) is not int or row["id"] != fruit_id:
        raise PoisonedValueError("wrong id")
    name, quantity = row["name"], row["quantity"]
    if name is not None and type(name) is not str:
        raise PoisonedValueError("wrong name")
    if quantity is not None and not is_stored_quantity(quantity):
        raise PoisonedValueError("wrong quantity")
    return Fruit(fruit_id, name, quantity)


def _parse_json(value: bytes) -> object:
    """Parse JSON; a text without blanks around it, as the service writes it, in half the time."""
    try:
        text = value.decode()
        parsed, end = _scan(text)
    except ValueError:
        return json.loads(value)
    return parsed if end == len(text) else json.loads(value)


def is_stored_quantity(value: object) -> TypeGuard[int]:
    """Return whether a value is a quantity that a row may hold."""
    return type(value) is int and -MAX_STORED_QUANTITY <= value < MAX_STORED_QUANTITY

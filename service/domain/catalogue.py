"""The catalogue: the fruit of every id that traffic may ask for. Pure."""

from service.domain.fruit import Fruit

MAX_ITEMS = 10_000_000
SEED = (Fruit(1, "apple", 100), Fruit(2, "orange", 200), Fruit(3, "pear", 300))

_KINDS = (
    *("red", "green", "golden", "wild", "sweet", "sour", "early", "late", "small", "large"),
    *("ripe", "dried", "mountain", "garden", "summer", "winter", "blue", "white", "dark", "pale"),
)
_FRUITS = (
    *("apple", "orange", "pear", "plum", "cherry", "peach", "apricot", "quince", "grape", "fig"),
    *("banana", "mango", "papaya", "lemon", "lime", "melon", "kiwi", "date", "olive", "currant"),
    *("raspberry", "blackberry", "blueberry", "strawberry", "gooseberry", "cranberry", "mulberry"),
    *("pomegranate", "persimmon", "nectarine", "mandarin", "grapefruit", "lychee", "guava"),
)


def generate_fruit(fruit_id: int) -> Fruit:
    """Return the fruit of an id, the same on every call; ids 1 to 3 are the rows of db.sql."""
    if fruit_id <= len(SEED):
        return SEED[fruit_id - 1]
    series, place = divmod(fruit_id, len(_KINDS) * len(_FRUITS))
    kind, fruit = divmod(place, len(_FRUITS))
    name = f"{_KINDS[kind]} {_FRUITS[fruit]}"
    quantity = fruit_id * 7919 % 1000
    return Fruit(fruit_id, name if series == 0 else f"{name} {series + 1}", quantity)

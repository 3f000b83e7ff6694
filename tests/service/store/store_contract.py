"""What every store must do; run on SQLite, MariaDB, MySQL and the fake.

Rows 1 to 3 are those of db.sql. A test uses ids of its own, since a server may be shared.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from service.domain.catalogue import SEED, generate_fruit
from service.domain.fruit import Fruit
from service.domain.store import StoreUnavailableError

LONGEST_NAME = "\U0001f34e" * 255
NAMES = {
    "plain": "kiwi",
    "quotes": "'\"`\\\\;--%s%%",
    "beyond-the-basic-plane": "\U0001f34e" + "é" * 200,
    "longest": LONGEST_NAME,
    "blanks": " a  b\t\n",
    "one": "x",
}


class StoreContract:
    def test_seed_rows_are_there_and_the_next_is_not(self, store):
        assert tuple(store.find(fruit_id, 0) for fruit_id in (1, 2, 3)) == SEED
        assert store.find(2_000_000_001, 0) is None

    def test_written_row_is_found_and_only_the_first_write_creates_it(self, store):
        assert store.replace(Fruit(1009, "kiwi", 1)) is True
        assert store.replace(Fruit(1009, "kiwi", 2)) is False
        assert Fruit(1009, "kiwi", 2) == store.find(1009, 0)

    def test_replacing_a_row_by_itself_is_no_creation(self, store):
        store.replace(Fruit(1010, "fig", 4))

        assert store.replace(Fruit(1010, "fig", 4)) is False

    def test_deleted_row_is_gone_and_can_be_created_again(self, store):
        store.replace(Fruit(1011, "fig", 4))

        assert store.delete(1011) is True
        assert store.delete(1011) is False
        assert store.find(1011, 0) is None
        assert store.replace(Fruit(1011, "fig", 4)) is True

    @pytest.mark.parametrize("fruit_id", [4, 2_147_483_647])
    def test_smallest_and_largest_numbers_are_stored_unchanged(self, store, fruit_id):
        for quantity in (0, 2_147_483_647):
            store.replace(Fruit(fruit_id, "n", quantity))

            assert Fruit(fruit_id, "n", quantity) == store.find(fruit_id, 0)
        store.delete(fruit_id)

    @pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
    def test_name_is_stored_unchanged(self, store, name):
        store.replace(Fruit(1012, name, 0))

        assert store.find(1012, 0).name == name

    def test_concurrent_writers_of_one_row_all_succeed_and_one_creates_it(self, store):
        store.delete(1013)
        with ThreadPoolExecutor(8) as pool:
            created = list(pool.map(lambda n: store.replace(Fruit(1013, "x", n)), range(8)))

        assert sorted(created) == [False] * 7 + [True]

    def test_catalogue_is_filled_once_and_keeps_existing_rows(self, store):
        store.replace(Fruit(5, "mine", 5))
        created = [store.fill_catalogue(950), store.fill_catalogue(950), store.fill_catalogue(10)]

        assert created == [946, 0, 0]
        assert Fruit(5, "mine", 5) == store.find(5, 0)
        assert SEED[1] == store.find(2, 0)
        assert generate_fruit(950) == store.find(950, 0)
        assert store.find(951, 0) is None

    def test_working_store_has_no_problem(self, store):
        assert store.problem() is None

    def test_store_that_is_away_says_so_and_refuses_everything(self, away):
        for call in (
            lambda: away.find(1, 0),
            lambda: away.replace(Fruit(1, "a", 1)),
            lambda: away.delete(1),
            lambda: away.fill_catalogue(10),
        ):
            with pytest.raises(StoreUnavailableError):
                call()
        assert away.problem()

"""The contract of the store on SQLite, which needs no server, and on the fake."""

import pytest

from service.domain.catalogue import SEED
from service.store.fruit_store import FruitStore
from tests.service.fakes import FakeStore, RecordingObserver
from tests.service.store.store_contract import StoreContract


class TestSqlite(StoreContract):
    @pytest.fixture
    def store(self, tmp_path):
        store = FruitStore(f"sqlite:///{tmp_path}/fruit.db", 4, RecordingObserver())
        yield store
        store.close()

    @pytest.fixture
    def away(self, tmp_path):
        store = FruitStore(f"sqlite:///{tmp_path}/nowhere/fruit.db", 4, RecordingObserver())
        yield store
        store.close()


class TestFake(StoreContract):
    @pytest.fixture
    def store(self):
        return FakeStore(*SEED)

    @pytest.fixture
    def away(self):
        store = FakeStore(*SEED)
        store.down = True
        return store

"""The fake cache passes the contract, so tests that use it are valid for Redis."""

import pytest

from tests.service.cache.cache_contract import CacheContract
from tests.service.fakes import FakeClock, InMemoryCache


class TestInMemoryCache(CacheContract):
    @pytest.fixture
    def cache(self):
        return InMemoryCache(FakeClock())

    @pytest.fixture
    def put(self, cache):
        return lambda key, value, ms: cache.put(key, value, float("inf") if ms is None else ms)

    @pytest.fixture
    def cache_keys(self, cache):
        return cache.keys

    @pytest.fixture
    def fill_up(self, cache):
        return lambda: setattr(cache, "full", True)

    @pytest.fixture
    def free(self, cache):
        return lambda: setattr(cache, "full", False)

    @pytest.fixture
    def forget(self, cache):
        return cache._keys.pop

    @pytest.fixture
    def remaining(self, cache):
        return cache.remaining_ms

    @pytest.fixture
    def observer(self, cache):
        return cache.observer

"""Lookups of entries whose TTL is over, as far as this process knows: they ask the cache less."""

import pytest

from service.domain.cache import Claim
from service.domain.lookup import LookupResult
from service.pattern.loads import PLACES
from tests.service.parts import APPLE, Parts


class CountingCache:
    """Counts the exchanges of a cache by their name."""

    def __init__(self, cache):
        self._cache = cache
        self.asked = []

    def __getattr__(self, name):
        method = getattr(self._cache, name)
        if name not in {"read", "read_ended", "generation", "fill"}:
            return method

        def ask(*arguments):
            self.asked.append(name)
            return method(*arguments)

        return ask

    def __setattr__(self, name, value):
        if name in {"_cache", "asked"}:
            super().__setattr__(name, value)
        else:
            setattr(self._cache, name, value)


@pytest.fixture
def parts():
    """A process that has looked up fruit 1, whose entry lives for 60 s, and counts from now on."""
    alone = Parts()
    counted = Parts(clock=alone.clock, cache=CountingCache(alone.cache), store=alone.store)
    counted.look_up()
    counted.cache.asked.clear()
    return counted


def test_first_lookup_asks_three_times_and_one_after_the_entry_ended_twice(parts):
    parts.cache.invalidate(1)
    parts.look_up()
    parts.clock.advance(60)
    lookup = parts.look_up()

    assert parts.cache.asked == ["read", "generation", "fill", "read_ended", "fill"]
    assert (lookup.result, lookup.fill) == (LookupResult.MISS, "stored")


def test_hit_is_read_without_a_generation_until_its_entry_has_ended(parts):
    parts.clock.advance(59.999)

    assert parts.look_up().result is LookupResult.HIT
    assert parts.cache.asked == ["read"]


def test_entry_that_another_process_wrote_again_is_a_hit_until_it_has_ended_too(parts):
    other = Parts(clock=parts.clock, cache=parts.cache._cache, store=parts.store)
    parts.clock.advance(61)
    other.look_up()
    lookups = [parts.look_up() for _ in range(2)]
    parts.clock.advance(60)
    lookups.append(parts.look_up())

    assert [one.result for one in lookups] == ["hit", "hit", "miss"]
    assert parts.cache.asked == ["read_ended", "read", "read_ended", "fill"]


def test_entry_without_a_ttl_in_the_place_of_one_that_ended_is_read_as_any_other(parts):
    parts.clock.advance(61)
    parts.cache.put("fruit:1", b"null")

    assert [parts.look_up().result for _ in range(2)] == ["negative", "negative"]
    assert parts.cache.asked == ["read_ended", "read"]


def test_entry_that_another_load_wrote_is_not_known_to_end(parts):
    parts.clock.advance(61)
    claim = Claim(parts.cache.generation(1, None)[0], -2)
    parts.loads.load_and_fill(1, claim)
    parts.loads.load_and_fill(1, claim)  # Redundant.
    parts.clock.advance(61)
    parts.cache.asked.clear()
    parts.look_up()

    assert parts.cache.asked == ["read", "generation", "fill"]


def test_write_during_the_load_of_an_ended_entry_fences_its_fill(parts):
    parts.clock.advance(61)
    parts.store.on_load = lambda: parts.cache.invalidate(1)

    assert parts.look_up().fill == "fenced"
    assert parts.cache.asked == ["read_ended", "fill"]


def test_ended_entry_is_read_as_any_other_while_fencing_is_off(parts):
    parts.set_knobs(fencing="off")
    parts.clock.advance(61)
    parts.look_up()

    assert parts.cache.asked == ["read", "fill"]


def test_poisoned_entry_in_the_place_of_one_that_ended_is_replaced(parts):
    parts.clock.advance(61)
    parts.cache.put("fruit:1", b"{", 30_000)
    lookup = parts.look_up()

    assert (lookup.fruit, lookup.fill) == (APPLE, "stored")
    assert parts.cache.asked == ["read_ended", "generation", "fill"]


def test_fruit_whose_ids_share_a_place_are_looked_up_all_the_same(parts):
    parts.clock.advance(61)

    assert parts.look_up(1 + PLACES).fruit is None
    assert parts.look_up(1).fruit == APPLE

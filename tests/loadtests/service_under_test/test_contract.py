"""The hit ratio, from counts by result."""

from loadtests.service_under_test.contract import hit_ratio


def test_every_answer_from_the_cache_is_a_hit():
    assert hit_ratio({"hit": 5, "stale": 1, "negative": 2, "miss": 1, "coalesced": 1}) == 0.8


def test_lookups_that_never_asked_the_cache_count_on_neither_side():
    assert hit_ratio({"hit": 1, "miss": 1, "bypass": 7, "error": 7, "failed": 7}) == 0.5


def test_with_nothing_asked_it_is_unknown():
    assert hit_ratio({"bypass": 3}) is None

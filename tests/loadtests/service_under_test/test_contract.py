"""The hit ratio, computed from counts by result."""

from loadtests.service_under_test.contract import hit_ratio, outside_ratio


def test_every_answer_from_the_cache_is_a_hit():
    counts = {"hit": 4, "near": 1, "stale": 1, "negative": 2, "miss": 1, "coalesced": 1}

    assert hit_ratio(counts) == 0.8


def test_lookups_that_never_reached_the_cache_do_not_count():
    assert hit_ratio({"hit": 1, "miss": 1, "bypass": 7, "error": 7, "failed": 7}) == 0.5


def test_hit_ratio_without_cache_lookups_is_unknown():
    assert hit_ratio({"bypass": 3}) is None


def test_lookups_outside_the_cache_are_a_share_of_all_that_the_service_answered():
    assert outside_ratio({"hit": 6, "miss": 1, "bypass": 2, "error": 1, "failed": 7}) == 0.3
    assert outside_ratio({"failed": 3}) is None

"""What is read from the counters of /metrics."""

from loadtests.service_under_test.counters import kept_reads, key_hit_ratio, loads


def test_loads_that_found_no_row_or_failed_are_loads_and_nothing_else_is():
    queries = {
        "select ok": 3,
        "select absent": 2,
        "select error": 1,
        "probe ok": 9,
        "replace ok": 4,
    }

    assert loads(queries) == 6


def kept(*reads):
    found = []
    for hits, misses in reads:
        found = kept_reads(found, {"true": hits, "false": misses})
    return found


def test_keys_are_counted_from_the_first_reading_to_the_last():
    assert key_hit_ratio(kept((10, 10), (15, 12), (40, 20))) == 0.75
    assert key_hit_ratio(kept((10, 10))) is None
    assert key_hit_ratio(kept((10, 10), (10, 10))) is None


def test_hit_ratio_stays_unknown_once_a_counter_went_backwards():
    assert key_hit_ratio(kept((10, 10), (30, 12), (5, 13), (90, 20))) is None


def test_reading_without_one_of_the_counters_is_left_out():
    reads = kept_reads([{"true": 1, "false": 1}], {"true": 5})

    assert reads == [{"true": 1, "false": 1}]

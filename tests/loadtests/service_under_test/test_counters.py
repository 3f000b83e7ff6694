"""What is read from the counters of /metrics."""

from loadtests.service_under_test.counters import loads


def test_loads_that_found_no_row_or_failed_are_loads_and_nothing_else_is():
    queries = {
        "select ok": 3,
        "select absent": 2,
        "select error": 1,
        "probe ok": 9,
        "replace ok": 4,
    }

    assert loads(queries) == 6

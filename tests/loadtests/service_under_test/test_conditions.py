"""The conditions of a measurement, as they are read from the service's pages."""

import dataclasses

import pytest

from loadtests.service_under_test.conditions import (
    CONDITION_METRICS,
    Conditions,
    RedisConditions,
    parse_conditions,
)
from service.metrics import Metrics


def page_of(*, requests=(), load_seconds=()):
    metrics = Metrics()
    for method, route, status in requests:
        metrics.http_request(method, route, status)
    for seconds in load_seconds:
        metrics.store_query("select", "ok", seconds)
    return metrics.exposition(CONDITION_METRICS).decode()


def test_writes_and_clears_that_succeeded_are_counted_over_all_processes():
    first = page_of(
        requests=[
            ("PUT", "/fruit/<id>", 201),
            ("PUT", "/fruit/<id>", 401),
            ("DELETE", "/fruit/<id>", 204),
            ("GET", "/fruit/<id>", 200),
            ("PUT", "/control/catalogue", 200),
        ]
    )
    second = page_of(requests=[("PUT", "/fruit/<id>", 200), ("DELETE", "/control/cache", 200)])

    assert parse_conditions([first, second], {}, 1).changes == {
        "PUT /fruit/<id>": 2,
        "DELETE /fruit/<id>": 1,
        "DELETE /control/cache": 1,
    }


def test_loads_are_counted_with_their_durations():
    read = parse_conditions(
        [page_of(load_seconds=(0.25, 0.5)), page_of(load_seconds=(1.0,))], {}, 1
    )

    assert (read.loads, read.load_seconds) == (3, 1.75)


def test_every_process_says_when_it_started():
    starts = parse_conditions([page_of(), page_of()], {}, 1).process_starts

    assert len(starts) == 2
    assert min(starts) > 1_700_000_000


def test_page_that_is_not_of_prometheus_is_refused():
    with pytest.raises(ValueError, match="invalid metric name"):
        parse_conditions(["<html lang=en>"], {}, 1)


@pytest.mark.parametrize("redis", [None, RedisConditions("a1", 1, 2, 3)])
def test_conditions_are_read_back_as_they_were_saved(redis):
    service = parse_conditions([page_of()], {"ttl_seconds": 5.0}, 2)
    conditions = Conditions(1000.0, 900.0, service, redis)

    assert Conditions.from_json(dataclasses.asdict(conditions)) == conditions

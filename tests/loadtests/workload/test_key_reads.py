"""What a target or its Redis counted in a run: from before its first request to its last answer."""

import contextlib
from types import SimpleNamespace

import pytest

from loadtests.service_under_test.client import ServiceError
from loadtests.service_under_test.counters import ServiceCounters
from loadtests.workload.run_client import KeyReads

TOLD = SimpleNamespace(keys_told_by="Redis' INFO")


class Counting:
    """Stands for the client of a target."""

    reads = None

    def counters(self):
        if self.reads is None:
            raise ServiceError("it is away")
        return ServiceCounters({}, {}, self.reads)


@pytest.fixture
def client():
    return Counting()


@pytest.fixture
def keys(client):
    return KeyReads(lambda: contextlib.nullcontext(client))


def test_hit_ratio_begins_before_the_first_request_and_ends_after_the_last(client, keys):
    client.reads = {"true": 100, "false": 50}
    keys.ready(client, TOLD)
    keys.begin()
    assert keys.hit_ratio is None
    client.reads = {"true": 103, "false": 51}

    keys.update(TOLD)

    assert keys.hit_ratio == 0.75


def test_next_run_does_not_count_the_one_before(client, keys):
    client.reads = {"true": 0, "false": 0}
    keys.ready(client, TOLD)
    keys.begin()
    client.reads = {"true": 10, "false": 0}
    keys.update(TOLD)
    keys.ready(client, TOLD)
    keys.begin()
    client.reads = {"true": 10, "false": 5}

    keys.update(TOLD)

    assert keys.hit_ratio == 0.0


def test_counters_that_are_away_for_a_while_are_read_later_and_not_at_the_start(client, keys):
    with pytest.raises(ServiceError):
        keys.ready(client, TOLD)
    client.reads = {"true": 0, "false": 0}
    keys.ready(client, TOLD)
    keys.begin()
    client.reads = None
    keys.update(TOLD)
    client.reads = {"true": 1, "false": 1}

    keys.update(TOLD)

    assert keys.hit_ratio == 0.5


def test_nobody_is_asked_where_nobody_counts(client, keys):
    keys.ready(client, SimpleNamespace(keys_told_by=""))
    keys.begin()
    keys.update(SimpleNamespace(keys_told_by=""))

    assert keys.hit_ratio is None

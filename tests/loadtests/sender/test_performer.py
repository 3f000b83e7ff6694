"""Performing arrivals: what is reported to Locust and to the tallies."""

import pytest

from loadtests.sender.fruit_client import Answer, AnswerError
from loadtests.sender.oracle import Oracle
from loadtests.sender.performer import Performer
from loadtests.sender.samples import DROPPED, RESULT_INDEX
from loadtests.sender.slots import Arrival
from loadtests.sender.tallies import Tallies


class Client:
    """Returns a preset answer; each answer takes 0.1 s."""

    request = ("GET", "/fruit/[id]")

    def __init__(self, clock):
        self.clock = clock
        self.answer = Answer(RESULT_INDEX["hit"], b'{"data": {"quantity": 5}}', None)
        self.write_failure = None
        self.written = []

    def look_up(self, _key):
        self.clock.now += 0.1
        return self.answer

    def write(self, key, quantity):
        self.clock.now += 0.1
        self.written.append((key, quantity))
        return self.write_failure


class Clock:
    now = 10.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def client(clock):
    return Client(clock)


@pytest.fixture
def reported():
    return []


@pytest.fixture
def tallies():
    return Tallies()


@pytest.fixture
def performer(client, clock, tallies, reported):
    return Performer(
        client, clock, tallies, lambda **request: reported.append(request), 0, Oracle(1)
    )


def read(performer, key=7, intended=9.0):
    return Arrival(intended, performer, key, False)


def test_a_lookup_is_timed_by_both_clocks(performer, tallies):
    performer.perform(read(performer), 10.0)

    intended, response, service, result, scenario = tallies.rows[0]
    assert (intended, result, scenario) == (9.0, RESULT_INDEX["hit"], 0)
    assert response == pytest.approx(1.1)
    assert service == pytest.approx(0.1)


def test_locust_gets_one_row_named_by_the_result_with_the_response_time(performer, reported):
    performer.perform(read(performer), 10.0)

    assert [request["name"] for request in reported] == ["/fruit/[id] hit"]
    assert reported[0]["response_time"] == pytest.approx(1100.0)
    assert reported[0]["exception"] is None


def test_a_lookup_without_a_valid_answer_is_a_failure_for_locust_too(performer, client, reported):
    client.answer = Answer(RESULT_INDEX["failed"], b"", ConnectionRefusedError())

    performer.perform(read(performer), 10.0)

    assert reported[0]["name"] == "/fruit/[id] failed"
    assert isinstance(reported[0]["exception"], ConnectionRefusedError)


def test_a_dropped_lookup_counts_in_the_response_times(performer, tallies, reported):
    performer.drop(read(performer, intended=0.0), 31.0)

    assert tallies.rows[0][1] == 31.0
    assert tallies.rows[0][3] == DROPPED
    assert reported[0]["response_time"] == pytest.approx(31_000.0)
    assert isinstance(reported[0]["exception"], AnswerError)


def test_every_write_sends_a_value_of_its_own(performer, client, tallies):
    write = Arrival(9.0, performer, 7, True)

    performer.perform(write, 10.0)
    performer.perform(write, 10.2)

    assert client.written == [(7, 1), (7, 2)]
    assert tallies.writes == 2
    assert tallies.rows == []


def test_a_failed_write_is_counted_and_reported(performer, client, tallies, reported):
    client.write_failure = AnswerError("status 503")

    performer.perform(Arrival(9.0, performer, 7, True), 10.0)

    assert (tallies.writes, tallies.failed_writes) == (0, 1)
    assert reported[0]["name"] == "/fruit/[id] write"
    assert reported[0]["request_type"] == "PUT"


def test_reads_are_judged_by_the_writes_before_them(performer, tallies):
    performer.perform(read(performer), 10.0)  # Returns the value from before the run
    performer.perform(Arrival(9.0, performer, 7, True), 10.2)
    performer.perform(read(performer), 10.5)  # Still returns that value

    assert (tallies.judged_reads, tallies.stale_reads) == (2, 1)


def test_reads_past_the_cache_explain_older_reads_of_the_cache(performer, client, tallies):
    performer.perform(read(performer), 10.0)
    performer.perform(Arrival(9.0, performer, 7, True), 10.2)
    written = client.written[0][1]
    client.answer = Answer(RESULT_INDEX["bypass"], b'{"data": {"quantity": %d}}' % written, None)
    performer.perform(read(performer), 10.5)
    client.answer = Answer(RESULT_INDEX["hit"], b'{"data": {"quantity": 5}}', None)
    performer.perform(read(performer), 11.0)

    assert (tallies.stale_reads, tallies.regressed_reads) == (1, 0)


@pytest.mark.parametrize(
    "body",
    [
        *(b'{"error": "no such fruit"}', b"<html>", b"[" * 100_000),
        *(b'{"data": {"quantity": Infinity}}', b'{"data": {"quantity": null}}'),
    ],
    ids=["an absence", "a page", "deep brackets", "no number", "nothing"],
)
def test_an_answer_without_a_value_is_not_judged(performer, client, tallies, body):
    client.answer = Answer(RESULT_INDEX["negative"], body, None)

    performer.perform(read(performer), 10.0)

    assert tallies.judged_reads == 0


def test_a_dropped_write_is_counted_as_dropped(performer, tallies):
    performer.drop(Arrival(9.0, performer, 7, True), 10.0)

    assert (tallies.dropped, tallies.failed, tallies.dropped_writes) == (1, 0, 1)


def test_locust_gets_the_response_time_of_a_write_from_its_intended_start(performer, reported):
    performer.perform(Arrival(9.0, performer, 7, True), 10.0)

    assert reported[0]["response_time"] == pytest.approx(1100.0)


def test_rows_of_a_target_bear_its_method_and_path(performer, client, reported):
    client.answer = Answer(RESULT_INDEX["unknown"], b"", None, ("POST", "/search"))

    performer.perform(read(performer), 9.5)

    assert (reported[0]["request_type"], reported[0]["name"]) == ("POST", "/search unknown")

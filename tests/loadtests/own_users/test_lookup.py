"""Lookups of one's own users: each counts once, by its result, on both clocks."""

import pytest

from loadtests.own_users.lookup import Lookup, UserPerformer
from loadtests.own_users.run_counts import RunCounts
from loadtests.sender.slots import Arrival
from loadtests.target.answer_rule import answer_rule
from tests.loadtests.own_users.users import Response, Shopper


class Counts(RunCounts):
    """Counts on a clock that stands at 3 s after the run's start."""

    def now(self):
        return 3.0


@pytest.fixture
def counts():
    return Counts()


@pytest.fixture
def lookup(counts):
    """Return a lookup that was due at 1 s and sent at 2.5 s."""
    return Lookup(7, 1.0, 2.5, Shopper(), counts)


def results(counts):
    counts.fold()
    return {word: number for word, number in counts.tallies.results().items() if number}


RULE = answer_rule("CF-Cache-Status")


@pytest.mark.parametrize(
    ("response", "told", "result"),
    [
        (Response(headers={"cf-cache-status": "HIT"}), RULE, "hit"),
        (Response(headers={"cf-cache-status": ["EXPIRED"]}), RULE, "miss"),
        (Response(headers={}), RULE, "unknown"),
        (Response(304, {"cf-cache-status": "HIT"}), RULE, "hit"),
        (Response(404, {"cf-cache-status": "HIT"}), RULE, "error"),
        (Response(404, {}), "negative", "negative"),
        (Response(503, {}), RULE, "error"),
        (Response(0), RULE, "failed"),
        (Response(0), "hit", "failed"),
    ],
)
def test_answer_counts_by_what_it_tells(lookup, counts, response, told, result):
    lookup.answered(response, told)

    assert results(counts) == {result: 1}
    assert response.request_meta["name"] == f"product {result}"


def test_answer_that_is_not_asked_about_its_result_is_unknown(lookup, counts):
    lookup.answered(Response(headers={"cf-cache-status": "HIT"}))

    assert results(counts) == {"unknown": 1}
    assert counts.tallies.hit_ratio() is None


def test_row_of_locust_gets_the_response_time_and_the_tallies_both_clocks(lookup, counts):
    response = Response(headers={"cf-cache-status": "HIT"})

    lookup.answered(response, RULE)

    counts.fold()
    clocks = counts.tallies.by_row["Shopper", "hit"]
    assert response.request_meta["response_time"] == 2000.0
    assert clocks.response.mean_seconds == pytest.approx(2.0)
    assert clocks.service.mean_seconds == pytest.approx(0.5)
    assert counts.tallies.slip.mean_seconds == pytest.approx(1.5)


def test_other_clients_end_a_lookup_with_a_word(lookup, counts):
    assert lookup.end("stale") == 2.0
    assert results(counts) == {"stale": 1}


def test_lookup_ends_once(lookup):
    lookup.end("hit")

    with pytest.raises(RuntimeError, match="ended before"):
        lookup.end("hit")


def test_word_that_is_no_result_is_refused(lookup, counts):
    with pytest.raises(ValueError, match=r"hit, stale, negative.* got 'warm'"):
        lookup.end("warm")

    assert results(counts) == {}


@pytest.fixture
def user():
    return Shopper()


def _perform(user, counts, look_up):
    UserPerformer(user, look_up, counts).perform(Arrival(1.0, None, 7, is_write=False), 2.5)


def test_user_is_asked_to_look_up_the_key_of_the_arrival(user, counts):
    asked = []

    def look_up(lookup):
        asked.append(lookup.key)
        lookup.end("hit")

    _perform(user, counts, look_up)

    assert asked == [7]
    assert results(counts) == {"hit": 1}
    assert user.environment.rows == []


def test_what_a_user_raises_fails_the_lookup_and_is_listed_by_locust(user, counts):
    def look_up(_lookup):
        raise KeyError("price")

    _perform(user, counts, look_up)

    assert results(counts) == {"failed": 1}
    assert [repr(error) for error in user.environment.raised] == ["KeyError('price')"]


def test_lookup_that_was_ended_before_its_user_raised_counts_once(user, counts):
    def look_up(lookup):
        lookup.end("hit")
        raise KeyError("price")

    _perform(user, counts, look_up)

    assert results(counts) == {"hit": 1}


def test_lookup_that_a_user_forgot_to_end_fails_and_says_so(user, counts):
    _perform(user, counts, lambda _lookup: None)

    (row,) = user.environment.rows
    assert results(counts) == {"failed": 1}
    assert row["name"] == "Shopper failed"
    assert "call lookup.answered(response, result)" in str(row["exception"])


def test_arrival_that_got_no_turn_is_dropped_and_has_no_service_time(user, counts):
    performer = UserPerformer(user, lambda _lookup: None, counts)

    performer.drop(Arrival(1.0, performer, 7, is_write=False), 3.0)

    counts.fold()
    assert results(counts) == {"dropped": 1}
    assert counts.tallies.by_row["Shopper", "dropped"].service.count == 0
    assert user.environment.rows[0]["response_time"] == 2000.0


def test_arrival_that_was_given_up_has_failed(user, counts):
    performer = UserPerformer(user, lambda _lookup: None, counts)

    performer.abandon(Arrival(1.0, performer, 7, is_write=False), 2.0)

    assert results(counts) == {"failed": 1}

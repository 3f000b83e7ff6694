"""Failures: their cause for the metrics, and their words in the log once."""

import pytest

from service.domain.failures import CAUSES, Failures, classify_failure
from tests.service.fakes import FakeClock, RecordingObserver


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def observer():
    return RecordingObserver()


@pytest.fixture
def failures(clock, observer):
    return Failures("redis", observer, clock=clock)


WORDS = {
    "OOM command not allowed when used memory > 'maxmemory'.": "full",
    "READONLY You can't write against a read only replica.": "elsewhere",
    "MovedError: 7000 127.0.0.1:7001": "elsewhere",
    "Timeout reading from socket": "no-answer",
    "NOPERM this user has no permissions to run the 'get' command": "rights",
    "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed": "tls",
    "Connection closed by server.": "unreachable",
    "OperationalError: (1205, 'Lock wait timeout exceeded; try again')": "lock",
    "DataError: (1406, \"Data too long for column 'name' at row 1\")": "value",
    "OperationalError: (1040, 'Too many connections')": "full",
    "OperationalError: database is locked": "lock",
    "OperationalError: attempt to write a readonly database": "rights",
    "something new": "other",
}


@pytest.mark.parametrize(("words", "cause"), WORDS.items())
def test_words_have_the_cause_that_they_are_about(words, cause):
    assert classify_failure(words) == cause
    assert cause in CAUSES


def test_failure_is_counted_each_time_and_logged_once_while_it_lasts(
    failures, observer, clock, caplog
):
    for _ in range(100):
        failures.record("DB index is out of range")
        clock.advance(59)

    assert observer.counts["failed", "redis", "database"] == 100
    assert caplog.messages == ["redis failed: DB index is out of range"]


def test_failure_that_comes_again_after_a_minute_is_logged_again(failures, clock, caplog):
    failures.record("DB index is out of range")
    clock.advance(60)
    failures.record("DB index is out of range")

    assert len(caplog.messages) == 2


def test_failures_of_other_kinds_are_logged_too_and_those_of_other_slots_are_not(failures, caplog):
    for words in ("MOVED 1 h:7001", "MOVED 16383 h:7002", "DB index is out of range"):
        failures.record(words)

    assert caplog.messages == [
        "redis failed: MOVED 1 h:7001",
        "redis failed: DB index is out of range",
    ]

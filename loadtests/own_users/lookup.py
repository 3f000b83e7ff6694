"""One lookup of a user of one's own, measured on both clocks and counted by its result."""

from collections.abc import Callable, MutableMapping
from typing import Any, Protocol

from locust import User

from loadtests.own_users.run_counts import RunCounts
from loadtests.sender.samples import RESULTS
from loadtests.sender.slots import Arrival
from loadtests.service_under_test.contract import UNKNOWN_RESULT
from loadtests.target.answer_rule import AnswerRule, header_of, is_usual

_FORGOTTEN = "never ended: call lookup.answered(response, result) or lookup.end(result)"
_DROPPED = "never sent: waited longer than max_wait_seconds"
_GIVEN_UP = "given up while under way"


_NOT_TOLD = AnswerRule("none")


class LostLookupError(Exception):
    """A lookup without an answer; Locust lists the text among its failures."""


class CaughtResponse(Protocol):
    """A response of one of Locust's HTTP clients, asked for with catch_response=True."""

    status_code: int
    headers: Any
    request_meta: MutableMapping[str, Any]

    @property
    def content(self) -> bytes | None:
        """Return the body."""


class Lookup:
    """A lookup under way; end it exactly once, by `answered` or by `end`.

    Args:
        key: The id to ask for.
        intended: When it was due, seconds since the run's start.
        started: When it got its turn to be sent.
        user: Who sends it.
        counts: Counts it.
    """

    def __init__(
        self, key: int, intended: float, started: float, user: User, counts: RunCounts
    ) -> None:
        self.key = key
        self.has_ended = False
        self._intended = intended
        self._started = started
        self._name = type(user).__name__
        self._counts = counts

    def answered(self, response: CaughtResponse, told: AnswerRule | str = _NOT_TOLD) -> None:
        """Count a response, and give Locust's row its result and its response time.

        Call it first in the `with` block of the response.

        Args:
            response: Locust's, of a request with catch_response=True.
            told: Finds the result in the answer, or is the result; by default it is unknown. A rule
                counts a status outside 2xx and 304 as an error.
        """
        word = _result(response, told)
        row = response.request_meta
        row["response_time"] = self.end(word) * 1000.0
        row["name"] = f"{row['name']} {word}"

    def end(self, word: str = UNKNOWN_RESULT) -> float:
        """Count an answer that came by other means; return its response time in seconds.

        Raises:
            ValueError: The word is not one of the results.
            RuntimeError: The lookup was ended before.
        """
        if word not in RESULTS:
            raise ValueError(f"a result is one of {', '.join(RESULTS)}, got {word!r}")
        if self.has_ended:
            raise RuntimeError("this lookup was ended before; end each exactly once")
        self.has_ended = True
        return self._counts.count(self._name, self._intended, self._started, word)


def _result(response: CaughtResponse, told: AnswerRule | str) -> str:
    status = response.status_code
    if not status:
        return "failed"
    if isinstance(told, str):
        return told
    if not is_usual(status):
        return "error"
    return told.result(status, header_of(response.headers.get), response.content or b"")


LookUp = Callable[[Lookup], None]
"""A method of a User class that sends one lookup and ends it."""


class UserPerformer:
    """Brings the arrivals of one user to their ends.

    Args:
        user: Who sends them.
        look_up: Sends one.
        counts: Counts them.
    """

    def __init__(self, user: User, look_up: LookUp, counts: RunCounts) -> None:
        self._user = user
        self._look_up = look_up
        self._counts = counts

    def perform(self, arrival: Arrival, started: float) -> None:
        """Let the user send one lookup; what it raises is listed by Locust and fails the lookup."""
        lookup = Lookup(arrival.key, arrival.intended, started, self._user, self._counts)
        try:
            self._look_up(lookup)
        except Exception as error:  # noqa: BLE001 - as Locust treats what a task raises
            self._user.environment.events.user_error.fire(
                user_instance=self._user, exception=error, tb=error.__traceback__
            )
            if not lookup.has_ended:
                lookup.end("failed")
        else:
            if not lookup.has_ended:
                self._lose(arrival, started, "failed", _FORGOTTEN)

    def drop(self, arrival: Arrival, now: float) -> None:
        """Count an arrival that got no turn."""
        del now
        self._lose(arrival, None, "dropped", _DROPPED)

    def abandon(self, arrival: Arrival, started: float) -> None:
        """Count an arrival that was given up while under way."""
        self._lose(arrival, started, "failed", _GIVEN_UP)

    def _lose(self, arrival: Arrival, started: float | None, result: str, why: str) -> None:
        name = type(self._user).__name__
        seconds = self._counts.count(name, arrival.intended, started, result)
        self._user.environment.events.request.fire(
            request_type="LOOKUP",
            name=f"{name} {result}",
            response_time=seconds * 1000.0,
            response_length=0,
            exception=LostLookupError(why),
            context={},
        )

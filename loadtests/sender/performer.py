"""Performs arrivals: sends the request, measures both times, reports to Locust and the tallies."""

import json
import math
from collections.abc import Callable
from typing import Protocol

from loadtests.sender.fruit_client import Answer, AnswerError
from loadtests.sender.oracle import Oracle
from loadtests.sender.samples import BYPASS, DROPPED, FAILED, RESULTS
from loadtests.sender.slots import Arrival
from loadtests.sender.tallies import Tallies

WRITE_ROW = "/fruit/[id] write"

RequestEvent = Callable[..., None]
"""Locust's request event, which reports one request to every listener."""


class Client(Protocol):
    """Sends requests."""

    @property
    def request(self) -> tuple[str, str]:
        """Method and name of a usual lookup."""

    def look_up(self, key: int, /) -> Answer:
        """Ask for one key."""

    def write(self, key: int, quantity: int, /) -> Exception | None:
        """Write one key; return why it was not acknowledged."""

    def close(self) -> None:
        """Close all connections."""


class Performer:
    """Performs the arrivals of one scenario.

    Args:
        client: Sends requests.
        now: Seconds since the run's start.
        tallies: Counts the results.
        fire: Locust's request event.
        scenario: Index of the scenario in the run.
        oracle: Judges reads and numbers writes; None in a scenario without writes.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - it joins the parts of a run
        self,
        client: Client,
        now: Callable[[], float],
        tallies: Tallies,
        fire: RequestEvent,
        scenario: int,
        oracle: Oracle | None = None,
    ) -> None:
        self._client = client
        self._now = now
        self._tallies = tallies
        self._fire = fire
        self._scenario = scenario
        self._oracle = oracle

    def perform(self, arrival: Arrival, started: float) -> None:
        """Look up the key or write it."""
        if arrival.is_write:
            self._write(arrival)
            return
        answer = self._client.look_up(arrival.key)
        ended = self._now()
        if self._oracle is not None:
            self._judge(self._oracle, arrival.key, answer, started, ended)
        self._count(arrival, started, ended, answer)

    def drop(self, arrival: Arrival, now: float) -> None:
        """Count an arrival that got no slot."""
        never_sent = AnswerError("never sent: waited longer than --max-wait-seconds")
        self._count_lost(arrival, now, now, Answer(DROPPED, b"", never_sent))

    def abandon(self, arrival: Arrival, started: float) -> None:
        """Count an arrival that was given up while under way."""
        given_up = AnswerError("given up while under way")
        self._count_lost(arrival, started, self._now(), Answer(FAILED, b"", given_up))

    def _count_lost(self, arrival: Arrival, started: float, ended: float, answer: Answer) -> None:
        if arrival.is_write:
            self._tallies.dropped_writes += answer.result == DROPPED
            self._tallies.failed_writes += answer.result == FAILED
            _, name = self._client.request
            self._report("PUT", f"{name} {RESULTS[answer.result]}", arrival, ended, answer.failure)
        else:
            self._count(arrival, started, ended, answer)

    def _count(self, arrival: Arrival, started: float, ended: float, answer: Answer) -> None:
        response = ended - arrival.intended
        service = ended - started if answer.result != DROPPED else math.nan
        row = (arrival.intended, response, service, answer.result, self._scenario)
        self._tallies.rows.append(row)
        method, name = answer.request or self._client.request
        name = f"{name} {RESULTS[answer.result]}"
        size = len(answer.body) if answer.size is None else answer.size
        self._report(method, name, arrival, ended, answer.failure, size)

    def _write(self, arrival: Arrival) -> None:
        if self._oracle is None:
            raise RuntimeError("a scenario that writes needs an oracle")
        version = self._oracle.begin_write(arrival.key, self._now())
        failure = self._client.write(arrival.key, version.quantity)
        ended = self._now()
        if failure is None:
            self._oracle.acknowledge(version, ended)
            self._tallies.writes += 1
        else:
            self._tallies.failed_writes += 1
        self._report("PUT", WRITE_ROW, arrival, ended, failure)

    def _report(  # noqa: PLR0913, PLR0917 - what Locust's event takes
        self,
        method: str,
        name: str,
        arrival: Arrival,
        ended: float,
        failure: Exception | None,
        size: int = 0,
    ) -> None:
        self._fire(
            request_type=method,
            name=name,
            response_time=(ended - arrival.intended) * 1000.0,
            response_length=size,
            exception=failure,
            context={},
        )

    def _judge(
        self, oracle: Oracle, key: int, answer: Answer, started: float, ended: float
    ) -> None:
        quantity = _quantity(answer)
        if quantity is not None:
            bypassed = answer.result == BYPASS
            judgement = oracle.judge(key, quantity, started, ended, bypassed=bypassed)
            if judgement is not None:
                self._tallies.judge(judgement)


def _quantity(answer: Answer) -> int | None:
    """Return the value in the answer of a lookup; None without a value."""
    if answer.failure is not None:
        return None
    try:
        return int(json.loads(answer.body)["data"]["quantity"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None

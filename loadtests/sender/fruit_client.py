"""Sends the requests of a run: GET and PUT of one fruit."""

import itertools
import json
import zlib
from typing import NamedTuple

from gevent.timeout import Timeout
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError

from loadtests.sender.replica import Replica
from loadtests.sender.samples import FAILED, RESULT_INDEX
from loadtests.service_under_test.contract import SERVICE_RESULTS
from loadtests.service_under_test.control_token import bearer_header

ANSWER_SECONDS = 30.0
"""Longest wait for a connection, for the first part of an answer, and for its rest: longer than any
lookup takes, even one whose load the service delays by the maximum of ten seconds
(--store-delay-seconds)."""

FAILURES = (OSError, Timeout, HTTPConnectionClosed, HTTPParseError, zlib.error)
"""Errors of a request that count as results of the run, not as defects of the load generator."""

_WORDS = {word.upper().encode(): RESULT_INDEX[word] for word in SERVICE_RESULTS}
_ERROR = RESULT_INDEX["error"]


class Answer(NamedTuple):
    """The outcome of a lookup.

    Attributes:
        result: Index in RESULTS.
        body: As received; empty where nobody reads it.
        failure: Why the lookup failed; None if it did not.
        request: Method and name of the request; None if they are the client's usual ones.
        size: Bytes of the body that was received; None if it is the one above.
    """

    result: int
    body: bytes
    failure: Exception | None
    request: tuple[str, str] | None = None
    size: int | None = None


class AnswerError(Exception):
    """A request without a valid answer; Locust lists the text among its failures."""


class FruitClient:
    """Sends lookups and writes to the replicas in turn.

    Args:
        urls: One for each replica.
        concurrency: Most connections to each replica.
        token: Control token for writes; None if none is needed.

    Attributes:
        request: Method and name of every lookup.
    """

    request = ("GET", "/fruit/[id]")

    def __init__(self, urls: tuple[str, ...], concurrency: int, token: str | None) -> None:
        self._replicas = [Replica(url, concurrency, ANSWER_SECONDS) for url in urls]
        self._turns = itertools.cycle(self._replicas)
        lines = (f"{name}: {text}\r\n" for name, text in bearer_header(token).items())
        authorization = "".join(lines)
        self._write_headers = f"Content-Type: application/json\r\n{authorization}"

    def look_up(self, key: int) -> Answer:
        """GET one fruit, and return errors of network and service instead of raising them."""
        try:
            status, word, body = next(self._turns).get(f"/fruit/{key}")
        except FAILURES as failure:
            return Answer(FAILED, b"", as_exception(failure))
        result = _WORDS.get(word)
        if result is None or status not in (200, 404, 503):
            return Answer(FAILED, body, AnswerError(f"status {status} is no lookup's answer"))
        if result == _ERROR or status == 503:
            return Answer(_ERROR, body, AnswerError(f"status {status}"))
        return Answer(result, body, None)

    def write(self, key: int, quantity: int) -> Exception | None:
        """PUT one fruit, and return why it was not acknowledged; None if it was."""
        body = json.dumps({"name": f"fruit-{key}", "quantity": quantity})
        try:
            reply = next(self._turns).put(f"/fruit/{key}", body, self._write_headers)
        except FAILURES as failure:
            return as_exception(failure)
        if reply.status not in (200, 201, 204):
            return AnswerError(f"status {reply.status}")
        return None

    def close(self) -> None:
        """Close all connections."""
        for replica in self._replicas:
            replica.close()


def as_exception(failure: BaseException) -> Exception:
    """Return one of FAILURES as an exception that Locust can list."""
    if isinstance(failure, HTTPParseError) and len(failure.args) > 1:
        return AnswerError(f"the answer is not HTTP: {failure.args[0]}")
    return failure if isinstance(failure, Exception) else AnswerError(f"no answer within {failure}")

"""Sends the requests of a run to a target: a service of one's own."""

import itertools
import random
from collections.abc import Callable

from gevent.ssl import SSLContext
from geventhttpclient.client import HTTPClient, HTTPClientPool
from geventhttpclient.url import URL

from loadtests.sender.fruit_client import (
    ANSWER_SECONDS,
    FAILURES,
    Answer,
    AnswerError,
    as_exception,
)
from loadtests.sender.samples import FAILED, RESULT_INDEX
from loadtests.target.answer_rule import header_of
from loadtests.target.own_service import Endpoint, Target
from loadtests.target.tls_context import tls_context

_ERROR = RESULT_INDEX["error"]
_REDIRECTS = range(300, 400)


class TargetClient:
    """Sends lookups to the endpoints of a target, by their weights; follows no redirect.

    Args:
        target: The target.
        concurrency: Most connections to each server.
        seed: Fixes which endpoint each lookup asks.
    """

    def __init__(self, target: Target, concurrency: int, seed: int) -> None:
        self._target = target
        self._headers = {"User-Agent": "cacheaside-loadtests", **target.sent_headers()}
        self.pool = HTTPClientPool(
            concurrency=concurrency,
            connection_timeout=ANSWER_SECONDS,
            network_timeout=ANSWER_SECONDS,
            ssl_context_factory=_context_of(target),
            insecure=not target.tls.verify,
        )
        self._ways = [(each, self.pool.get_client(URL(each.url))) for each in target.endpoints]
        self._weights = list(itertools.accumulate(each.weight for each in target.endpoints))
        self._choices = random.Random(seed)

    @property
    def request(self) -> tuple[str, str]:
        """Method and name of a request that was never sent."""
        return _row(self._target.endpoints[0])

    def look_up(self, key: int) -> Answer:
        """Ask for one key, and return errors of network and target instead of raising them."""
        endpoint, http = self._way()
        text, row = self._target.keys.key(key), _row(endpoint)
        try:
            response = http.request(
                endpoint.method, endpoint.path(text), endpoint.body_for(text), self._headers
            )
            body = response.read()
        except FAILURES as error:
            return Answer(FAILED, b"", as_exception(error), row)
        status = response.status_code
        if not self._target.answers(status):
            return Answer(_ERROR, body, AnswerError(_refusal(status)), row)
        result = self._target.rule.result(status, header_of(response.get), body)
        failure = AnswerError("its header says error") if result == "error" else None
        return Answer(RESULT_INDEX[result], body, failure, row)

    def write(self, key: int, quantity: int) -> Exception | None:
        """Return why nothing was written: what a write of a target looks like is not known."""
        del key, quantity
        return AnswerError("a target is never written to")

    def close(self) -> None:
        """Close all connections."""
        self.pool.close()

    def _way(self) -> tuple[Endpoint, HTTPClient]:
        if len(self._ways) == 1:
            return self._ways[0]
        return self._choices.choices(self._ways, cum_weights=self._weights)[0]


def _row(endpoint: Endpoint) -> tuple[str, str]:
    return endpoint.method, endpoint.row


def _refusal(status: int) -> str:
    if status in _REDIRECTS:
        return f"status {status}: redirects are not followed; name the final address"
    return f"status {status}"


def _context_of(target: Target) -> Callable[..., SSLContext]:
    def context(**_: object) -> SSLContext:
        return tls_context(target.tls)

    return context

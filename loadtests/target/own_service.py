"""A target: a service of one's own, its requests and keys, and how answers tell their result."""

import json
from dataclasses import dataclass, field, replace
from urllib.parse import quote, urlsplit

from loadtests.service_under_test.counters import CounterName
from loadtests.target.answer_rule import AnswerRule, is_usual
from loadtests.target.from_environment import (
    body_with_secrets,
    headers_with_secrets,
    url_with_secrets,
)
from loadtests.target.key_source import KeySource
from loadtests.target.places import KEY
from loadtests.target.request_headers import is_json


@dataclass(frozen=True)
class Endpoint:
    """One kind of request that a target answers.

    Attributes:
        url: With {key} where the key stands; ${NAME} stands for a variable of the environment.
        method: Such as GET.
        weight: Its share of the requests, relative to that of the others.
        body: With {key} where the key stands, and ${NAME} too; "" for none.
    """

    url: str
    method: str = "GET"
    weight: float = 1.0
    body: str = ""

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def host(self) -> str:
        """The host alone."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The port, by default that of the scheme."""
        parts = urlsplit(self.url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def row(self) -> str:
        """How the statistics name it: its path, without what may be secret in the query."""
        return urlsplit(self.url).path or "/"

    @property
    def shown(self) -> str:
        """The address without its query."""
        return f"{self.origin}{self.row}"

    def path(self, key: str) -> str:
        """Return path and query of the request for a key."""
        parts = urlsplit(self.url)
        whole = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return whole.replace(KEY, quote(key, safe=""))

    def body_for(self, key: str) -> str:
        """Return the body of the request for a key; in JSON the key stands between quotes."""
        text = json.dumps(key)[1:-1] if is_json(self.body) else key
        return self.body.replace(KEY, text)

    def with_secrets(self) -> "Endpoint":
        """Return the endpoint as it is asked, for the requests alone.

        Raises:
            TargetError: A variable is not set.
        """
        return replace(self, url=url_with_secrets(self.url), body=body_with_secrets(self.body))


@dataclass(frozen=True)
class SideRequest:
    """A request beside the load: it sets the TTL, or reads counters.

    Attributes:
        endpoint: Where it goes, and with what.
        headers: Its own; ${NAME} stands for a variable of the environment.
        place: Where it is described, for messages.
    """

    endpoint: Endpoint
    headers: tuple[tuple[str, str], ...]
    place: str

    def sent_headers(self) -> dict[str, str]:
        """Return the headers with their secrets, for the request alone.

        Raises:
            TargetError: A variable is not set.
        """
        return headers_with_secrets(self.headers)


@dataclass(frozen=True)
class KeyCounters:
    """The counters of a target, in the format of Prometheus.

    Attributes:
        page: Where they are read.
        hits: Counts keys that were found.
        misses: Counts keys that were not.
    """

    page: SideRequest
    hits: CounterName
    misses: CounterName


@dataclass(frozen=True)
class Tls:
    """How a target proves who it is, and who asks.

    Attributes:
        ca_file: Certificates to trust; "" for the system's.
        cert_file: Our own certificate; "" for none.
        key_file: Its key; "" if it stands in the same file.
        verify: Whether the target's certificate is checked.
    """

    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    verify: bool = True


@dataclass(frozen=True)
class Target:
    """A service of one's own, as it was described at start.

    Attributes:
        endpoints: Its requests; one at least.
        keys: Which key each number of the traffic stands for.
        rule: How an answer tells its result.
        headers: Sent with every request; ${NAME} stands for a variable of the environment.
        accepted: Statuses that are answers, beside 200 to 299 and 304.
        tls: For https.
        foreign: Whether a host that is loaded is not this machine.
        ttl: Sets its TTL; None if no request does.
        counters: What tells its hit ratio where answers do not; None if nothing is named.
    """

    endpoints: tuple[Endpoint, ...]
    keys: KeySource = field(default_factory=KeySource)
    rule: AnswerRule = field(default_factory=AnswerRule)
    headers: tuple[tuple[str, str], ...] = ()
    accepted: tuple[int, ...] = ()
    tls: Tls = field(default_factory=Tls)
    foreign: bool = False
    ttl: SideRequest | None = None
    counters: KeyCounters | None = None

    @property
    def origins(self) -> tuple[str, ...]:
        """Scheme, host and port of each server, once."""
        return tuple(dict.fromkeys(endpoint.origin for endpoint in self.endpoints))

    @property
    def side_requests(self) -> tuple[SideRequest, ...]:
        """The requests beside the load."""
        page = self.counters.page if self.counters else None
        return tuple(each for each in (self.ttl, page) if each is not None)

    def with_keys(self, names: tuple[str, ...], text: str) -> "Target":
        """Return the target with the keys of a trace; itself if the trace names none."""
        if not names:
            return self
        return replace(self, keys=KeySource(text, names))

    @property
    def has_one_entry_for_a_key(self) -> bool:
        """Whether a key is one entry of a cache: with several endpoints it is several."""
        return len(self.endpoints) == 1

    def sent_headers(self) -> dict[str, str]:
        """Return the headers with their secrets, for the requests alone.

        Raises:
            TargetError: A variable is not set.
        """
        return headers_with_secrets(self.headers)

    def answers(self, status: int) -> bool:
        """Return whether a status is that of an answer: a usual, an accepted or a mapped one."""
        return is_usual(status) or status in self.accepted or self.rule.maps(status)

    def describe(self) -> str:
        """Return the target in a sentence, without its secrets."""
        requests = " and ".join(f"{each.method} {each.shown}" for each in self.endpoints)
        told = self.rule.describe()
        result = f"the result of an answer {'comes ' if self.rule.tells else ''}{told}"
        return f"{requests} for {self.keys.describe()}; {result}"

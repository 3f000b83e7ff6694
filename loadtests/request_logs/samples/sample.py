"""A safe sample of requests: some of the keys, all of their requests, under names nobody can read.

Keys are chosen by a keyed hash, as SHARDS does (Waldspurger, Park, Garthwaite, Ahmad, FAST 2015),
so that every request of a chosen key is kept and reuse is seen whole.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from loadtests.request_logs.source import LogError, reason

HEADER = "time,key,op\n"
SHORTEST_SECRET = 16
SMALLEST_SHARE = 1e-6
_NAME_DIGITS = 24
_END = re.compile(r"# sample: keys kept (\S+), reads (\d{1,18})\s*$")


class Sample(NamedTuple):
    """How a sample stands to what it was taken from.

    Attributes:
        keep_ratio: Share of the keys that were kept.
        reads: Reads of all keys, the others' too.
    """

    keep_ratio: float
    reads: int

    def line(self) -> str:
        """Return the last line of a sample's file."""
        return f"# sample: keys kept {self.keep_ratio!r}, reads {self.reads}\n"


def sample_of(line: str) -> Sample | None:
    """Return what the last line of a sample's file says; None for any other line."""
    found = _END.match(line)
    if found is None:
        return None
    try:
        keep = float(found[1])
    except ValueError:
        return None
    return Sample(keep, int(found[2])) if SMALLEST_SHARE <= keep <= 1.0 else None


def joined(samples: Sequence[Sample]) -> Sample | None:
    """Return one sample for several files of it; None for none, or if their shares differ."""
    shares = {sample.keep_ratio for sample in samples}
    if len(shares) != 1:
        return None
    return Sample(shares.pop(), sum(sample.reads for sample in samples))


class Sampler:
    """Chooses keys and gives them names that only the owner of the secret could connect to them.

    Args:
        secret: Stays with the user.
        keep_ratio: Share of the keys that are kept.
    """

    def __init__(self, secret: bytes, keep_ratio: float) -> None:
        self._secret = secret
        self._below = int(keep_ratio * 2**64)

    def name(self, key: str) -> str | None:
        """Return the name of a key that is kept; None for the others."""
        text = key.encode("utf-8", "surrogateescape")
        digest = hmac.digest(self._secret, text, "sha256")
        if int.from_bytes(digest[-8:], "big") >= self._below:
            return None
        return digest.hex()[:_NAME_DIGITS]


def owned_secret(path: Path) -> bytes:
    """Return the secret in a file, which is made, readable by its owner alone, if it is not there.

    Raises:
        LogError: It cannot be read or made, or is too short.
    """
    try:
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(32), encoding="ascii")
        secret = path.read_bytes().strip()
    except OSError as error:
        raise LogError(f"--secret {path} cannot be used: {reason(error)}; name a file") from None
    if len(secret) < SHORTEST_SECRET:
        raise LogError(f"--secret {path} holds fewer than {SHORTEST_SECRET} bytes; name a new file")
    return hashlib.sha256(secret).digest()


def row(time: float, name: str, *, change: bool) -> str:
    """Return the line of a request."""
    return f"{time!r},{name},{'delete' if change else 'get'}\n"


def rows(sampler: Sampler, requests: Iterator[tuple[float, str, bool]]) -> Iterator[str]:
    """Return a line for each request of a key that is kept."""
    for time, key, change in requests:
        name = sampler.name(key)
        if name is not None:
            yield row(time, name, change=change)

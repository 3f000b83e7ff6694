"""What the headers of other people's caches say, in our words."""

import re
from collections.abc import Mapping

import http_sf

from loadtests.service_under_test.contract import SERVICE_RESULTS, UNKNOWN_RESULT

WORDS = {
    "revalidated": "miss",
    "expired": "miss",
    "refreshhit": "miss",
    "updating": "stale",
    "dynamic": "bypass",
    "pass": "bypass",
    "uncacheable": "bypass",
    **{word: word for word in SERVICE_RESULTS},
}
"""Our result for the first word of a header, in small letters. An entry that the cache had to ask
its origin about counts as a miss, because the answer waited for the origin."""

RESULTS_TOLD = tuple(dict.fromkeys((*SERVICE_RESULTS, UNKNOWN_RESULT)))
"""The results that a map may name."""

_FIRST_WORD = re.compile(r"[A-Za-z_]+")
_SQUID = re.compile(r"(?:tcp|udp)_(?:mem_|negative_|ims_|imsswap_|offline_|async_)?(\w+)")


def result_of_word(value: str) -> str:
    """Return the result in the value of X-Cache, CF-Cache-Status or another header like them.

    Where several caches stand behind each other and add their words, one hit is a hit.
    """
    found = [_result(each) for each in value.split(",")]
    return "hit" if "hit" in found else found[-1]


def _result(value: str) -> str:
    word = _FIRST_WORD.match(value.strip())
    if word is None:
        return UNKNOWN_RESULT
    text = word[0].lower()
    squid = _SQUID.fullmatch(text)
    text = squid[1] if squid else text
    if text.startswith("refresh_"):  # Squid and Akamai asked the origin again.
        return "miss"
    return WORDS.get(text, UNKNOWN_RESULT)


def result_of_cache_status(value: str) -> str:
    """Return the result in the value of Cache-Status (RFC 9211); the last cache is the nearest."""
    try:
        members = http_sf.parse(value.encode(), tltype="list")
    except ValueError:
        return UNKNOWN_RESULT
    if not isinstance(members, list):
        return UNKNOWN_RESULT
    found = [_of_member(each[1]) for each in members if isinstance(each, tuple)]
    if not found:
        return UNKNOWN_RESULT
    hits = [each for each in found if each in {"hit", "stale"}]
    return hits[-1] if hits else found[-1]


def _of_member(parameters: object) -> str:
    if not isinstance(parameters, Mapping):
        return UNKNOWN_RESULT
    if parameters.get("hit") is True:
        left = parameters.get("ttl")
        return "stale" if isinstance(left, int) and left < 0 else "hit"
    if parameters.get("collapsed") is True:
        return "coalesced"
    match str(parameters.get("fwd", "")):
        case "":
            return UNKNOWN_RESULT
        case "bypass" | "method" | "request":
            return "bypass"
    return "miss"


def result_of_age(value: str | None) -> str:
    """Return hit for an Age above 0, miss for any other, or for none."""
    return "hit" if value is not None and value.isdecimal() and int(value) > 0 else "miss"

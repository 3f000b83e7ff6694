"""The service's run-time knobs as flags and form fields; an empty one leaves its knob as it is."""

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import replace

from loadtests.service_under_test.contract import Knob
from loadtests.workload.flags import UNCHANGED, Flag, FlagError

_PROTECTIONS = (UNCHANGED, "none", "single-flight", "lease", "early", "stale")

KNOB_FLAGS = (
    Flag(
        "ttl-seconds",
        60.0,
        "Service: TTL of an entry; 0 switches the cache off; empty: unchanged.",
        0,
        2_678_400,
        "seconds",
        optional=True,
    ),
    Flag("ttl-jitter-ratio", 0.0, "Service: random spread of the TTL.", 0, 0.9, optional=True),
    Flag(
        "negative-ttl-seconds",
        5.0,
        "Service: TTL of a cached absence.",
        0,
        3600,
        "seconds",
        optional=True,
    ),
    Flag(
        "protection",
        UNCHANGED,
        "Service: protection against many concurrent loads of a hot key.",
        choices=_PROTECTIONS,
    ),
    Flag("early-beta", 1.0, "Service: eagerness of early recompute.", 0.1, 10, optional=True),
    Flag(
        "stale-seconds",
        30.0,
        "Service: how long after its TTL a stale entry may be served.",
        0.001,
        3600,
        "seconds",
        optional=True,
    ),
    Flag(
        "invalidation",
        UNCHANGED,
        "Service: what a write does to the entry.",
        choices=(UNCHANGED, "delete", "none"),
    ),
    Flag(
        "fencing",
        UNCHANGED,
        "Service: whether a fill that a write overtook is refused.",
        choices=(UNCHANGED, "on", "off"),
    ),
    Flag(
        "shadow-ratio",
        0.0,
        "Service: share of hits that are read again from the store, to count those not right.",
        0,
        1,
        optional=True,
    ),
    Flag(
        "near-seconds",
        0.0,
        "Service: how long a process serves an entry from its own memory; 0: no near tier.",
        0,
        60,
        "seconds",
        optional=True,
    ),
    Flag(
        "near-entries",
        10_000.0,
        "Service: how many entries the near tier of a process holds.",
        1,
        1_000_000,
        "entries",
        optional=True,
    ),
    Flag(
        "store-delay-seconds",
        0.0,
        "Service: delay of each query, to simulate a remote or busy database.",
        0,
        10,
        "seconds",
        optional=True,
    ),
)

_BY_KEY = {flag.key: flag for flag in KNOB_FLAGS}


def knobs_from(options: Namespace) -> dict[str, Knob]:
    """Return the knobs that *options* set.

    Raises:
        FlagError: A value is out of range.
    """
    return parse_knobs({key: str(getattr(options, key)) for key in _BY_KEY})


def parse_knobs(texts: Mapping[str, str]) -> dict[str, Knob]:
    """Return the knobs in *texts* that have a value.

    Raises:
        FlagError: A knob is unknown or its value out of range.
    """
    knobs: dict[str, Knob] = {}
    for key, text in texts.items():
        if key not in _BY_KEY:
            known = ", ".join(_BY_KEY)
            raise FlagError(f"knob must be one of {known}, got {key!r}; correct the name")
        value = _BY_KEY[key].parse(text)
        if value not in ("", UNCHANGED):
            knobs[key] = value
    return knobs


def parse_changes(texts: Mapping[str, str]) -> dict[str, Knob]:
    """Return the knobs in *texts*, all of which must have a value.

    Raises:
        FlagError: A knob is unknown, or its value is out of range or empty.
    """
    knobs = parse_knobs(texts)
    for key in texts.keys() - knobs.keys():
        flag = _BY_KEY[key]
        replace(flag, optional=False, choices=flag.words).parse(texts[key])
    return knobs

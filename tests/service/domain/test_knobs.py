"""Ranges, choices and defaults of the run-time knobs."""

import math

import pytest

from service.domain.knobs import Fencing, Invalidation, KnobError, Knobs, Protection


def test_defaults_are_as_documented():
    expected = {
        "ttl_seconds": 60,
        "ttl_jitter_ratio": 0,
        "negative_ttl_seconds": 5,
        "protection": "single-flight",
        "early_beta": 1,
        "stale_seconds": 30,
        "invalidation": "delete",
        "fencing": "on",
        "shadow_ratio": 0,
        "near_seconds": 0,
        "near_entries": 10_000,
        "store_delay_seconds": 0,
    }

    assert expected == Knobs().as_json_object()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ttl_seconds", 0),
        ("ttl_seconds", 0.001),
        ("ttl_seconds", 2_678_400),
        ("ttl_jitter_ratio", 0.9),
        ("negative_ttl_seconds", 3600),
        ("early_beta", 0.1),
        ("early_beta", 10),
        ("stale_seconds", 0.001),
        ("shadow_ratio", 1),
        ("near_seconds", 60),
        ("near_entries", 1),
        ("store_delay_seconds", 10),
        *(("protection", word) for word in Protection),
        *(("invalidation", word) for word in Invalidation),
        *(("fencing", word) for word in Fencing),
    ],
)
def test_value_within_range_is_accepted_and_shown(name, value):
    assert value == Knobs().with_changes({name: value}).as_json_object()[name]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ttl_seconds", -1),
        ("ttl_seconds", 2_678_400.5),
        ("ttl_seconds", 0.0001),
        ("ttl_seconds", "60"),
        ("ttl_seconds", True),
        ("ttl_seconds", None),
        ("ttl_seconds", math.nan),
        ("ttl_seconds", math.inf),
        ("ttl_seconds", 10**400),
        ("ttl_jitter_ratio", 0.91),
        ("early_beta", 0),
        ("stale_seconds", 0),
        ("shadow_ratio", 1.1),
        ("near_seconds", 60.1),
        ("near_entries", 0),
        ("store_delay_seconds", 11),
        ("protection", "on"),
        ("protection", ["none"]),
        ("fencing", True),
        ("invalidation", 0),
        ("ttl", 5),
        ("x" * 1000, 5),
    ],
)
def test_value_out_of_range_is_refused_with_the_knobs_name(name, value):
    with pytest.raises(KnobError) as refused:
        Knobs().with_changes({"early_beta": 2, name: value})

    assert name == refused.value.field
    assert len(str(refused.value)) < 300


def test_seconds_are_rounded_to_milliseconds():
    assert Knobs().with_changes({"ttl_seconds": 1.23449}).ttl_seconds == 1.234


def test_environment_sets_knobs_by_their_names_in_capitals():
    knobs = Knobs.from_texts({"TTL_SECONDS": "0.5", "PROTECTION": "lease", "ttl_seconds": "9"})

    assert (knobs.ttl_seconds, knobs.protection) == (0.5, Protection.LEASE)


@pytest.mark.parametrize("text", ["", "abc", "-3", "nan", "1e9", "0x10", "1_0", " 5", "5\n", "٣"])
def test_invalid_knob_in_the_environment_is_named_in_capitals(text):
    with pytest.raises(KnobError, match="TTL_SECONDS must be 0"):
        Knobs.from_texts({"TTL_SECONDS": text})

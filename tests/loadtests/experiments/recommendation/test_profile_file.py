"""A profile on disk is read whole, or not at all."""

import copy
import json
import os

import pytest

from loadtests.experiments.recommendation.profile_file import read_profile

POINT = {
    "ttl_seconds": 1.0,
    "hit_ratio": 0.5,
    "store_reads_per_second": 2.0,
    "live_entries_peak": 3,
    "live_bytes_peak": None,
    "hit_ratio_error": None,
}
PART = {"name": "a", "reads": 5, "curve": [{"ttl_seconds": 1.0, "hit_ratio": 0.5}]}
KINDS = ["text", "object", "truth", "NaN", "too large"]
PROFILE = {"requests": 10, "ceiling": 0.9, "curve": [POINT], "classes": [PART]}


def save(tmp_path, profile):
    file = tmp_path / "profile.json"
    file.write_text(json.dumps(profile))
    return file


def test_profile_is_read_as_it_was_written(tmp_path):
    assert read_profile(save(tmp_path, PROFILE)) == PROFILE


@pytest.mark.parametrize(
    "place",
    [
        ("requests",),
        ("ceiling",),
        ("curve",),
        ("curve", 0),
        *(("curve", 0, name) for name in POINT),
        ("classes",),
        ("classes", 0, "reads"),
        ("classes", 0, "curve", 0, "hit_ratio"),
    ],
    ids=str,
)
@pytest.mark.parametrize("value", ["x", {"a": 1}, True, float("nan"), 10**400], ids=KINDS)
def test_value_that_is_no_number_is_refused(tmp_path, place, value):
    profile = copy.deepcopy(PROFILE)
    part = profile
    for name in place[:-1]:
        part = part[name]
    part[place[-1]] = value

    with pytest.raises(ValueError, match=r"."):
        read_profile(save(tmp_path, profile))


@pytest.mark.parametrize("ttls", [[], [0.0], [-1.0, 1.0], [2.0, 1.0], [1.0, 1.0]])
def test_ttls_must_rise_from_above_0(tmp_path, ttls):
    curve = [POINT | {"ttl_seconds": ttl} for ttl in ttls]

    with pytest.raises(ValueError, match="do not rise"):
        read_profile(save(tmp_path, PROFILE | {"curve": curve}))


def test_a_fifo_in_place_of_a_profile_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "profile.json")  # Opening one without a writer waits for ever.

    with pytest.raises(OSError, match="it is not a file"):
        read_profile(tmp_path / "profile.json")

"""`python -m loadtests drill`, which breaks a server under a steady load."""

import pytest

from tests.integration.verb_answers import answer_of_verb

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("require_servers")]

WITHOUT_REDIS = ("redis-kill", "redis-freeze", "redis-slow", "redis-black-hole")
WITHOUT_STORE = ("store-kill", "store-freeze", "store-black-hole", "store-fill-up")


def drill(folder, *words):
    answer = answer_of_verb("drill", *words, "--output", folder, timeout_seconds=600)
    return {each["name"]: each for each in answer["drills"]}


def phases(figures):
    return {phase["phase"]: phase for phase in figures["phases"]}


@pytest.mark.long
def test_killed_redis_costs_no_lookup_and_all_is_well_soon(tmp_path):
    # 100 lookups a second for three phases of 1.5 s.
    words = "redis-kill --seconds 1.5 --rate 100 --ttl 1 --items 100"
    figures = drill(tmp_path / "run", *words.split())["redis-kill"]

    of = phases(figures)
    assert figures["aborted"] is None
    assert sum(phase["failed"] for phase in of.values()) == 0
    assert of["before"]["bypassed"] == 0
    assert of["during"]["bypassed"] >= 0.9 * of["during"]["lookups"] > 90
    assert of["during"]["store_reads_per_second"] > 1.3 * of["before"]["store_reads_per_second"]
    assert figures["well_seconds"] <= 5
    assert (tmp_path / "run/report.html").stat().st_size > 1_000_000


@pytest.mark.accept
def test_every_drill_breaks_what_it_says_and_all_is_well_within_five_seconds(tmp_path):
    found = drill(tmp_path / "run", "all", "--seconds", "6")

    assert len(found) == 10
    assert {name for name, each in found.items() if each["aborted"]} == set()
    assert {name for name, each in found.items() if not (each["well_seconds"] or 9) <= 5} == set()
    for name in WITHOUT_REDIS:
        during = phases(found[name])["during"]
        assert during["bypassed"] > 0.8 * during["lookups"]
        assert sum(phase["failed"] for phase in found[name]["phases"]) == 0
    for name in WITHOUT_STORE:
        assert phases(found[name])["during"]["failed"] > 0
        assert phases(found[name])["during"]["hit_ratio"] > 0

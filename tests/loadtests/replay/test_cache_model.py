"""The model of the cache, beside an independent simulation of one item and cases by hand."""

import math

import numpy as np
import pytest

from loadtests.replay.cache_model import CacheModel
from loadtests.replay.cache_rules import CacheRules, Work, seeded_work
from loadtests.service_under_test.contract import SERVICE_RESULTS
from loadtests.traffic.outside_ids import FIRST_MISSING_ID
from tests.loadtests.theory import simulation


def model_of(fill_seconds=0.0, write_seconds=0.0, ttl_seconds=1.0, **rules):
    """Return a model whose Redis keeps time without ticks, as the simulation does."""
    work = seeded_work(fill_seconds, write_seconds, tick_seconds=0.0)
    return CacheModel(CacheRules(ttl_seconds, **rules), work)


def words(model):
    return [SERVICE_RESULTS[index] for index in model.results]


def counted(model):
    counts = {word: words(model).count(word) for word in SERVICE_RESULTS}
    return {word: count for word, count in counts.items() if count}


def results_of(reads, **settings):
    """Return the results of reads of one item at some times."""
    model = model_of(**settings)
    for at in reads:
        model.look_up(at, 1)
    return words(model)


def without_zeros(counts):
    return {word: count for word, count in counts.items() if count}


@pytest.mark.parametrize(
    ("rate", "ttl_seconds", "grace", "fill_seconds"),
    [(0.5, 1.0, 3.0, 0.0), (0.5, 1.0, 3.0, 0.05), (2.0, 1.0, 0.4, 0.2), (50.0, 0.3, 0.1, 0.05)],
)
def test_stale_serving_answers_every_lookup_as_simulated(rate, ttl_seconds, grace, fill_seconds):
    until = 3000 / rate
    simulated = simulation.stale_while_revalidate(
        np.random.default_rng(3), rate, ttl_seconds, grace, fill_seconds, (0.0, until)
    )
    model = model_of(fill_seconds, ttl_seconds=ttl_seconds, protection="stale", stale_seconds=grace)

    for at in simulation.poisson(np.random.default_rng(3), rate, until):
        model.look_up(at, 1)

    found = counted(model)
    assert found["hit"] == simulated["hit"]
    assert found["stale"] == simulated["stale"]
    assert found["hit"] + found["stale"] < sum(simulated.values()) == len(model.results)


def test_lookup_that_finds_its_entry_gone_during_a_refresh_loads_by_itself():
    reads = [0.0, 1.45, 1.55, 1.6, 1.66]

    found = results_of(reads, protection="stale", stale_seconds=0.3, fill_seconds=0.2)

    # Filled at 0.2, stale from 1.2, gone at 1.5; the refresh of 1.45 lands at 1.65.
    assert found == ["miss", "stale", "miss", "coalesced", "hit"]


@pytest.mark.parametrize("fenced", [True, False])
@pytest.mark.parametrize(
    ("rate", "write_rate", "ttl_seconds", "fill_seconds"),
    [(90.0, 10.0, 10.0, 0.1), (20.0, 5.0, 1.0, 0.2), (50.0, 1.0, 60.0, 0.02)],
)
def test_deleting_writes_leave_every_lookup_as_simulated(
    rate, write_rate, ttl_seconds, fill_seconds, fenced
):
    case = (rate, write_rate, ttl_seconds, fill_seconds, 3000 / rate)
    simulated = simulation.invalidating_writes(np.random.default_rng(4), *case, fenced=fenced)
    draw = np.random.default_rng(4)
    requests = [(at, "read") for at in simulation.poisson(draw, rate, case[-1])]
    requests += [(at, "write") for at in simulation.poisson(draw, write_rate, case[-1])]
    # The simulation lets a read after a write join the load from before it.
    model = model_of(fill_seconds, ttl_seconds=ttl_seconds, fenced=fenced)

    for at, kind in sorted(requests):
        (model.look_up if kind == "read" else model.write)(at, 1)

    assert counted(model) == without_zeros(simulated)


@pytest.mark.parametrize(
    ("rate", "ttl_seconds", "fill_seconds", "count"),
    [(50.0, 1.0, 0.1, 2), (20.0, 0.5, 0.3, 4), (5.0, 2.0, 0.5, 3)],
)
def test_processes_that_coalesce_by_themselves_answer_as_simulated(
    rate, ttl_seconds, fill_seconds, count
):
    until = 3000 / rate
    simulated = simulation.processes(
        np.random.default_rng(5), rate, ttl_seconds, fill_seconds, count, until
    )
    draw, model = np.random.default_rng(5), model_of(fill_seconds, ttl_seconds=ttl_seconds)

    for at in simulation.poisson(draw, rate, until):
        model.look_up(at, 1, int(draw.integers(count)))

    assert counted(model) == without_zeros(simulated)


def test_paced_reads_of_several_items_end_as_simulated():
    shares, rate, ttl_seconds, fill_seconds = [0.5, 0.3, 0.2], 4.0, 1.1, 0.3
    simulated = simulation.paced(
        np.random.default_rng(7), shares, rate, ttl_seconds, fill_seconds, 3000
    )
    model = model_of(fill_seconds, ttl_seconds=ttl_seconds)

    items = np.random.default_rng(7).choice(3, 3000, p=shares).tolist()
    for number, item in enumerate(items):
        model.look_up(number / rate, item)

    assert counted(model) == without_zeros(simulated)


def test_only_the_first_of_unprotected_loads_fills_until_its_entry_expires():
    reads = [0.0, 0.5, 0.9, 1.9, 2.1, 3.2]

    found = results_of(reads, protection="none", fill_seconds=1.0)

    # Fills land at 1.0, 1.5 and 1.9, of which the first is stored until 2.0; 2.1 loads until 3.1.
    assert found == ["miss", "miss", "miss", "hit", "miss", "hit"]


def test_every_process_waits_for_the_holder_of_the_lease():
    model = model_of(0.1, protection="lease")

    for process, at in enumerate([0.0, 0.05, 0.09, 0.11]):
        model.look_up(at, 1, process)

    assert words(model) == ["miss", "coalesced", "coalesced", "hit"]
    assert list(model.answers) == [0.1, 0.1, 0.1, 0.11]
    assert list(model.loads) == [0.1]


def test_absent_id_is_cached_for_the_negative_ttl_and_never_served_stale():
    model = model_of(protection="stale", negative_ttl_seconds=2.0, stale_seconds=9.0)

    for at in [0.0, 1.9, 2.1]:
        model.look_up(at, FIRST_MISSING_ID)

    assert words(model) == ["miss", "negative", "miss"]


def test_absent_id_is_asked_for_again_where_none_is_cached():
    model = model_of(negative_ttl_seconds=0.0)

    for at in [0.0, 0.1, 0.2]:
        model.look_up(at, FIRST_MISSING_ID)

    assert words(model) == ["miss"] * 3


def test_write_is_seen_when_it_has_ended_and_leaves_other_items_alone():
    model = model_of(write_seconds=0.2, ttl_seconds=60.0)
    for item in (1, 2):
        model.look_up(0.0, item)

    model.write(1.0, 1)

    for at in (1.1, 1.3):
        for item in (1, 2):
            model.look_up(at, item)
    assert words(model)[2:] == ["hit", "hit", "miss", "hit"]


def test_write_leaves_the_entry_where_the_ttl_alone_ends_it():
    model = model_of(ttl_seconds=60.0, invalidates=False)
    model.look_up(0.0, 1)

    model.write(1.0, 1)

    model.look_up(2.0, 1)
    assert words(model) == ["miss", "hit"]


def test_cache_that_is_off_is_bypassed_by_every_lookup():
    model = model_of(0.01, ttl_seconds=0.0)

    for at in (0.0, 0.5):
        model.look_up(at, 1)

    assert words(model) == ["bypass", "bypass"]
    assert list(model.loads) == [0.01, 0.51]


def test_changed_ttl_holds_for_entries_that_are_filled_later():
    model = model_of(ttl_seconds=1.0)
    model.look_up(0.0, 1)

    model.change(0.5, CacheRules(10.0), seeded_work(0.0, tick_seconds=0.0))

    for at in (0.9, 1.1, 11.0, 11.2):
        model.look_up(at, 1)
    assert words(model) == ["miss", "hit", "miss", "hit", "miss"]


def test_entry_lasts_half_a_tick_longer_and_is_stale_half_a_tick_earlier():
    ticking = CacheModel(
        CacheRules(1.0, protection="stale", stale_seconds=2.0), seeded_work(0.0, tick_seconds=0.1)
    )

    for item, at in enumerate([0.94, 0.96, 3.04, 3.06]):
        ticking.look_up(0.0, item)
        ticking.look_up(at, item)

    assert words(ticking)[1::2] == ["hit", "stale", "stale", "miss"]


def test_jittered_ttls_spread_evenly_about_the_ttl():
    model = model_of(ttl_seconds=10.0, jitter_ratio=0.5)
    for item in range(4000):
        model.look_up(0.0, item)

    for item in range(4000):
        model.look_up(7.5, item)

    # A quarter of the TTLs between 5 and 15 s is over after 7.5 s.
    assert words(model)[4000:].count("miss") / 4000 == pytest.approx(0.25, abs=0.03)


def test_early_recompute_is_drawn_by_the_remaining_ttl_and_never_misses_under_steady_reads():
    model = model_of(0.1, ttl_seconds=1.0, protection="early")
    reads = np.arange(0.0, 200.0, 0.01).tolist()

    for at in reads:
        model.look_up(at, 1)

    # Reads during the first load miss; from then on the entry is recomputed before it expires.
    assert words(model)[10:].count("miss") / len(reads) < 0.001
    # An eager beta of 1 begins e times too many loads a refresh at most, 2.7 on average.
    refreshes = 200.0 / (1.0 - 0.1 * math.log(10))
    assert 1.5 < len(model.loads) / refreshes < 4


def test_early_recompute_waits_for_the_first_load_of_its_process():
    eager = Work(lambda: 0.1, 0.0, 0.0, lambda: 1.0 - 1e-12)
    model = CacheModel(CacheRules(1.0, protection="early"), eager)
    model.look_up(0.0, 1, process=0)

    model.look_up(0.5, 1, process=1)
    assert len(model.loads) == 1

    model.look_up(0.5, 1, process=0)
    assert len(model.loads) == 2


@pytest.mark.parametrize(
    ("rate", "ttl_seconds", "near_seconds", "count", "write_rate"),
    [
        (5.0, 4.0, 1.0, 1, 0.0),
        (20.0, 2.0, 0.3, 4, 0.0),
        (2.0, 10.0, 15.0, 2, 0.0),
        (40.0, 5.0, 0.5, 3, 0.8),
    ],
)
def test_near_tiers_of_several_processes_answer_as_simulated(
    rate, ttl_seconds, near_seconds, count, write_rate
):
    case, until = (rate, ttl_seconds, near_seconds, count), 3000 / rate
    simulated = simulation.near_tiers(np.random.default_rng(9), *case, until, write_rate)
    draw = np.random.default_rng(9)
    writes = list(simulation.poisson(draw, write_rate, until)) if write_rate else []
    model = model_of(ttl_seconds=ttl_seconds, near_seconds=near_seconds)

    for at in simulation.poisson(draw, rate, until):
        while writes and writes[0] <= at:
            model.write(writes.pop(0), 1)
        model.look_up(at, 1, int(draw.integers(count)))

    assert counted(model) == simulated


def test_near_entry_ends_where_the_entry_becomes_stale():
    found = results_of(
        [0.0, 0.1, 0.9, 1.1], protection="stale", stale_seconds=5.0, near_seconds=60.0
    )

    assert found == ["miss", "hit", "near", "stale"]


def test_full_near_tier_drops_what_was_read_first():
    model = model_of(ttl_seconds=60.0, near_seconds=60.0, near_entries=2)
    for item in (1, 2, 3):
        model.look_up(0.0, item)

    for item in (1, 2, 3, 2, 1, 2, 3):
        model.look_up(1.0, item)

    assert words(model)[3:] == ["hit", "hit", "hit", "near", "hit", "hit", "hit"]


def test_near_absence_is_answered_as_an_absence_and_ends_with_it():
    model = model_of(negative_ttl_seconds=2.0, near_seconds=60.0)

    for at in [0.0, 0.1, 0.2, 2.1]:
        model.look_up(at, FIRST_MISSING_ID)

    assert words(model) == ["miss", "negative", "negative", "miss"]


def test_near_tier_that_is_switched_off_forgets_what_it_kept():
    model = model_of(ttl_seconds=60.0, near_seconds=60.0)
    for at in (0.0, 0.1, 0.2):
        model.look_up(at, 1)

    for at, near_seconds in ((1.0, 0.0), (2.0, 60.0)):
        model.change(
            at, CacheRules(60.0, near_seconds=near_seconds), seeded_work(0.0, tick_seconds=0.0)
        )
        model.look_up(at, 1)

    assert words(model) == ["miss", "hit", "near", "hit", "hit"]


@pytest.mark.parametrize("ttl_seconds", [0.0, 5.0])
def test_writes_of_a_key_that_nobody_reads_do_not_pile_up(ttl_seconds):
    model = model_of(write_seconds=0.2, ttl_seconds=ttl_seconds)

    for second in range(1000):
        model.write(float(second), 1)

    assert len(model._items[1].pending) == 1


NEW_IDS = range(FIRST_MISSING_ID, FIRST_MISSING_ID + 3000)


def test_missing_ids_that_nobody_asks_for_again_are_forgotten():
    model = model_of(negative_ttl_seconds=5.0)
    for second, key in enumerate(NEW_IDS):
        model.look_up(float(second), key)
        model.forget(float(second))

    assert len(model._items) <= 1024


def test_missing_id_is_remembered_as_long_as_its_absence_is_cached():
    model = model_of(fill_seconds=1.0, negative_ttl_seconds=5.0)
    for key in NEW_IDS:
        model.look_up(0.0, key)

    model.forget(4.0)
    model.look_up(5.9, NEW_IDS[0])

    assert words(model)[3000:] == ["negative"]


def test_missing_id_in_a_near_tier_is_remembered_to_leave_it_when_it_is_read_again():
    model = model_of(ttl_seconds=60.0, negative_ttl_seconds=1.0, near_seconds=60.0, near_entries=2)
    missing, *others = NEW_IDS
    for at, key in ((0.0, 1), (0.1, 1), (0.2, missing), (0.3, missing), (2.0, missing), (3.0, 2)):
        model.look_up(at, key)
    for key in others:
        model.look_up(3.0, key)

    model.forget(10.0)

    assert set(model._items) == {1, 2, missing}
    for at, key in ((10.0, missing), (10.1, 2), (10.2, 1)):
        model.look_up(at, key)
    assert words(model)[-3:] == ["miss", "hit", "near"]

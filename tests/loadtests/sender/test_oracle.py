"""How the oracle judges a read."""

import tracemalloc

import pytest

from loadtests.sender.oracle import Oracle, Verdict

KEY, OTHER = 7, 8
LEFTOVER = 100


@pytest.fixture
def oracle():
    return Oracle(first_quantity=1_000_000)


def write(oracle, began, acknowledged):
    version = oracle.begin_write(KEY, began)
    if acknowledged is not None:
        oracle.acknowledge(version, acknowledged)
    return version.quantity


def test_a_read_of_the_last_acknowledged_write_is_fresh(oracle):
    quantity = write(oracle, 1.0, 1.1)

    assert oracle.judge(KEY, quantity, 2.0, 2.1).verdict is Verdict.FRESH


def test_a_read_of_an_old_value_is_stale_since_the_newer_write_was_acknowledged(oracle):
    old = write(oracle, 1.0, 1.1)
    write(oracle, 2.0, 2.5)

    judged = oracle.judge(KEY, old, 4.0, 4.1)

    assert judged.verdict is Verdict.STALE
    assert judged.stale_seconds == pytest.approx(1.5)


def test_staleness_counts_from_the_first_newer_write(oracle):
    old = write(oracle, 1.0, 1.1)
    write(oracle, 2.0, 2.5)
    write(oracle, 3.0, 3.5)

    assert oracle.judge(KEY, old, 4.0, 4.1).stale_seconds == pytest.approx(1.5)


def test_a_write_acknowledged_after_the_read_began_does_not_make_it_stale(oracle):
    old = write(oracle, 1.0, 1.1)
    write(oracle, 2.0, 2.5)

    assert oracle.judge(KEY, old, 2.4, 2.6).verdict is Verdict.FRESH


def test_a_value_still_being_written_may_be_read(oracle):
    quantity = write(oracle, 1.0, None)

    assert oracle.judge(KEY, quantity, 1.5, 1.6).verdict is Verdict.FRESH


def test_a_read_past_the_cache_does_not_make_older_reads_of_the_cache_impossible(oracle):
    old, new = write(oracle, 1.0, 1.1), write(oracle, 2.0, 2.5)

    assert oracle.judge(KEY, new, 3.0, 3.1, bypassed=True).verdict is Verdict.FRESH
    assert oracle.judge(KEY, old, 4.0, 4.1).verdict is Verdict.STALE
    oracle.judge(KEY, new, 5.0, 5.1)
    assert oracle.judge(KEY, old, 6.0, 6.1).verdict is Verdict.REGRESSED


@pytest.mark.parametrize(("began", "shown"), [(2.2, None), (2.4, False), (3.6, False), (3.8, None)])
def test_a_read_about_a_second_after_a_write_tells_whether_it_shows_it(oracle, began, shown):
    old = write(oracle, -9.0, -8.9)
    write(oracle, 1.5, 1.52)
    new = write(oracle, 2.5, 2.52)

    assert oracle.judge(KEY, old, began, began + 0.1).shows_write is shown
    assert oracle.judge(KEY, new, began, began + 0.1).shows_write is (shown is not None or None)


def test_a_write_that_is_not_acknowledged_need_not_be_shown(oracle):
    old = write(oracle, -9.0, -8.9)
    write(oracle, 1.0, None)

    assert oracle.judge(KEY, old, 2.0, 2.1).shows_write is None


def test_a_write_of_unknown_outcome_makes_nothing_stale(oracle):
    old = write(oracle, 1.0, 1.1)
    write(oracle, 2.0, None)

    assert oracle.judge(KEY, old, 9.0, 9.1).verdict is Verdict.FRESH


def test_either_of_two_concurrent_writes_may_be_the_last(oracle):
    one = oracle.begin_write(KEY, 1.0)
    two = oracle.begin_write(KEY, 1.1)
    oracle.acknowledge(one, 2.0)
    oracle.acknowledge(two, 2.0)

    assert oracle.judge(KEY, one.quantity, 3.0, 3.1).verdict is Verdict.FRESH
    assert oracle.judge(KEY, two.quantity, 4.0, 4.1).verdict is Verdict.FRESH
    assert oracle.judge(KEY, one.quantity, 5.0, 5.1).verdict is Verdict.FRESH


def test_a_value_from_before_the_run_is_fresh_until_a_write(oracle):
    assert oracle.judge(KEY, LEFTOVER, 1.0, 1.1).verdict is Verdict.FRESH

    write(oracle, 2.0, 2.1)

    assert oracle.judge(KEY, LEFTOVER, 3.0, 3.1).verdict is Verdict.STALE


def test_a_value_from_before_the_run_first_seen_after_a_write_is_stale(oracle):
    write(oracle, 1.0, 1.1)

    assert oracle.judge(KEY, LEFTOVER, 2.0, 2.1).verdict is Verdict.STALE


def test_a_value_that_nobody_wrote_is_impossible(oracle):
    oracle.judge(KEY, LEFTOVER, 1.0, 1.1)

    assert oracle.judge(KEY, 55, 2.0, 2.1).verdict is Verdict.NEVER_WRITTEN


def test_a_reader_that_has_seen_the_new_value_must_not_see_the_old_one(oracle):
    old = write(oracle, 1.0, 1.1)
    new = write(oracle, 2.0, 2.1)
    oracle.judge(KEY, new, 3.0, 3.1)

    judged = oracle.judge(KEY, old, 4.0, 4.1)

    assert judged.verdict is Verdict.REGRESSED
    assert judged.stale_seconds == pytest.approx(1.9)


def test_concurrent_reads_may_see_either_value(oracle):
    old = write(oracle, 1.0, 1.1)
    new = write(oracle, 2.0, None)
    oracle.judge(KEY, new, 3.0, 3.5)

    assert oracle.judge(KEY, old, 3.2, 3.6).verdict is Verdict.FRESH


def test_a_write_makes_no_other_key_stale(oracle):
    version = oracle.begin_write(KEY, 1.0)
    oracle.acknowledge(version, 1.1)

    assert oracle.judge(KEY + 1, LEFTOVER, 2.0, 2.1).verdict is Verdict.FRESH


def test_only_own_values_are_judged_until_the_former_owners_writes_have_ended():
    oracle = Oracle(first_quantity=1_000_000, settled_at=5.0)
    quantity = write(oracle, 1.0, 1.1)

    assert oracle.judge(KEY, LEFTOVER, 2.0, 2.1) is None
    assert oracle.judge(KEY, LEFTOVER + 1, 4.9, 5.2) is None
    assert oracle.judge(KEY, quantity, 3.0, 3.1).verdict is Verdict.FRESH
    assert oracle.judge(KEY, LEFTOVER, 5.0, 5.1) is not None


@pytest.fixture
def new_owner():
    """Return the oracle of keys taken over from a process whose last write ends at 5 s."""
    return Oracle(first_quantity=1_000_000, settled_at=5.0)


def test_none_of_several_values_from_the_former_owner_is_impossible(new_owner):
    assert new_owner.judge(KEY, LEFTOVER, 6.0, 6.1).verdict is Verdict.FRESH
    assert new_owner.judge(KEY, LEFTOVER + 1, 7.0, 7.1).verdict is Verdict.FRESH


def test_a_former_owners_value_is_stale_after_a_write_that_began_after_its_last_one(new_owner):
    write(new_owner, 6.0, 6.1)

    assert new_owner.judge(KEY, LEFTOVER, 7.0, 7.1).stale_seconds == pytest.approx(0.9)


def test_a_former_owners_concurrent_write_may_be_newer_than_ours(new_owner):
    write(new_owner, 1.0, 1.1)

    assert new_owner.judge(KEY, LEFTOVER, 6.0, 6.1).verdict is Verdict.FRESH


def written(oracle, times, key=KEY):
    """Return the values that are written at some times, each answered a tenth of a second later."""
    values = []
    for began in times:
        version = oracle.begin_write(key, began)
        oracle.acknowledge(version, began + 0.1)
        values.append(version.quantity)
    return values


def test_value_of_hours_ago_is_still_stale_since_the_write_that_superseded_it():
    oracle = Oracle(1000)
    first, *_, last = written(oracle, [1.0, 2.0, *range(100, 7000, 100)])

    judged = oracle.judge(KEY, first, 7000.0, 7000.1)
    assert (judged.verdict, judged.stale_seconds) == (Verdict.STALE, pytest.approx(6997.9))
    assert oracle.judge(KEY, last, 7001.0, 7001.1).verdict is Verdict.FRESH
    assert oracle.judge(KEY, first, 7002.0, 7002.1).verdict is Verdict.REGRESSED


def test_value_from_before_the_run_is_stale_since_the_first_write():
    oracle = Oracle(1000)
    written(oracle, [1.0, *range(100, 7000, 100)])

    assert oracle.judge(KEY, LEFTOVER, 7000.0, 7000.1).stale_seconds == pytest.approx(6998.9)


def test_past_value_of_another_key_is_impossible():
    oracle = Oracle(1000)
    written(oracle, range(0, 1000, 100))
    others = written(oracle, range(1000, 2000, 100), OTHER)
    written(oracle, range(2000, 3000, 100))
    oracle.judge(KEY, LEFTOVER, 3000.0, 3000.1)

    assert oracle.judge(KEY, others[0], 3001.0, 3001.1).verdict is Verdict.NEVER_WRITTEN


def test_value_that_was_forgotten_is_stale_and_nothing_worse():
    oracle = Oracle(1000, most_past=8)
    first, *_, last = written(oracle, range(0, 10_000, 100))
    assert oracle.judge(KEY, last, 10_000.0, 10_000.1).verdict is Verdict.FRESH

    judged = oracle.judge(KEY, first, 10_001.0, 10_001.1)
    # The last of the forgotten was superseded by the write of 9,200 s.
    assert (judged.verdict, judged.stale_seconds) == (Verdict.STALE, pytest.approx(800.9))


def test_write_that_was_never_answered_makes_nothing_stale_for_ever():
    oracle = Oracle(1000)
    (first,) = written(oracle, [1.0])
    lost = [oracle.begin_write(KEY, float(at)).quantity for at in range(100, 2000, 100)]

    for value in (first, lost[0], lost[-1]):
        assert oracle.judge(KEY, value, 2000.0, 2000.1).verdict is Verdict.FRESH


def test_oracle_holds_no_more_after_half_an_hour_than_after_ten_minutes():
    oracle = Oracle(1000)
    held = []
    tracemalloc.start()
    for number in range(18_000):
        at = number / 10
        written(oracle, [at], number % 50)
        if number in (6000, 17_999):
            held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()

    assert held[1] - held[0] < 20_000

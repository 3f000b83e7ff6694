"""The doubts: reasons not to trust a trial."""

import dataclasses

import pytest

from loadtests.experiments.figures.trial_figures import figures_of
from loadtests.experiments.trial.runner import run_trials
from loadtests.service_under_test.counters import RedisCounters


def kinds(record, samples):
    return [doubt.kind for doubt in figures_of(record, samples).doubts]


@pytest.fixture
def doubts(record, samples):
    def of(**changes):
        return kinds(record(**changes), samples()[:0])

    return of


def change_load(record, **changes):
    return dict(record().load) | changes


def test_sound_trial_has_no_doubt_but_its_few_samples(doubts):
    assert doubts() == ["few-samples"]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"cpu_ratio": 0.8}, "generator-busy"),
        ({"slip_p99_seconds": 0.02}, "late-starts"),
        ({"target_rate": 120.0}, "rate-missed"),
        ({"failed": 1}, "errors"),
        ({"dropped": 3}, "errors"),
    ],
    ids=["busy", "late", "rate", "failed", "dropped"],
)
def test_load_generator_in_trouble_is_a_doubt(record, doubts, change, kind):
    assert kind in doubts(load=change_load(record, **change))


@pytest.mark.parametrize(("slip", "scope"), [(0.02, "latency"), (0.2, "trial")])
def test_late_starts_make_latencies_doubtful_and_the_ratio_only_beyond_a_tenth_of_the_ttl(
    record, samples, slip, scope
):
    late = record(load=change_load(record, slip_p99_seconds=slip))

    figures = figures_of(late, samples())

    assert [d.scope for d in figures.doubts if d.kind == "late-starts"] == [scope]
    assert figures.trusted == (scope == "latency")
    assert not figures.times_trusted


def test_random_variation_of_poisson_arrivals_is_not_a_missed_rate(record, doubts):
    assert "rate-missed" not in doubts(load=change_load(record, target_rate=104.0))


def test_unknown_figures_of_the_load_generator_are_not_a_doubt(record, doubts):
    unknown = change_load(record, cpu_ratio=None, slip_p99_seconds=None)

    assert doubts(load=unknown) == ["few-samples"]


def test_lookups_that_bypassed_or_failed_are_doubts(record, doubts):
    first, *others = record().readings
    changed = dataclasses.replace(
        others[-1].counters, lookups=others[-1].counters.lookups | {"bypass": 2, "error": 1}
    )
    readings = [first, *others[:-1], dataclasses.replace(others[-1], counters=changed)]

    assert {"bypass", "errors"} <= set(doubts(readings=readings))


def test_answers_that_the_client_never_received_are_a_disagreement(
    bench, world, load, trial_plan, saved
):
    world.lost = 1

    run_trials(bench, load, [trial_plan()])

    figures = figures_of(saved[0][0], saved[0][1])
    texts = [doubt.text for doubt in figures.doubts if doubt.kind == "disagreement"]
    assert texts == ["load generator and service count differently: hit 1034 to 1035"]


def test_keys_that_another_client_read_are_a_disagreement(record, doubts):
    after = record().after
    more = RedisCounters(after.redis.keyspace_hits + 1, after.redis.keyspace_misses)

    assert "disagreement" in doubts(after=dataclasses.replace(after, redis=more))


def test_redis_without_statistics_cannot_disagree(record, doubts):
    after = dataclasses.replace(record().after, redis=None)

    assert "disagreement" not in doubts(after=after)


def test_window_that_opened_too_early_is_not_warm(record, doubts):
    assert "not-warm" in doubts(started_at=record().started_at + 0.5)


def test_window_that_opened_while_first_entries_could_be_served_stale_is_not_warm(record, doubts):
    knobs = {**record().knobs, "protection": "stale", "stale_seconds": 30}

    assert "not-warm" in doubts(knobs=knobs)


def test_counters_read_late_are_a_doubt(record, doubts):
    *others, last = record().readings
    late = dataclasses.replace(last, at=last.at + 0.2)

    assert "late-readings" in doubts(readings=[*others, late])


def test_window_of_few_ttls_is_a_doubt(record, doubts):
    window = dataclasses.replace(record().window, batches=5)

    assert "few-batches" in doubts(window=window)


def test_window_without_lookups_is_a_doubt(record, doubts):
    assert "no-lookups" in doubts(readings=[record().readings[0]] * 2)


def test_every_doubt_has_a_text_and_an_advice(record, samples):
    broken = record(load=change_load(record, cpu_ratio=1, slip_p99_seconds=1, failed=1))

    for doubt in figures_of(broken, samples()[:0]).doubts:
        assert doubt.text
        assert doubt.advice

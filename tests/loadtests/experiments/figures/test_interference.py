"""The doubts about trials that something outside changed while they ran."""

from dataclasses import replace

import pytest

from loadtests.experiments.figures.trial_figures import figures_of
from loadtests.prediction.limited_memory import Crowding

MIDDLE = 6  # Of 13 conditions: before the traffic, 11 edges from 1.5 s on, after the traffic.


@pytest.fixture
def doubts(record, samples):
    """Return a function that gives a changed trial's doubts, by kind, without few-samples."""

    def of(**fields):
        found = figures_of(record(**fields), samples()).doubts
        return {doubt.kind: doubt for doubt in found if doubt.kind != "few-samples"}

    return of


@pytest.fixture
def changed(record):
    """Return a function that gives the conditions of a trial, changed from the middle on."""

    def make(service=None, redis=None, **fields):
        def change(conditions):
            return replace(
                conditions,
                service=replace(conditions.service, **(service or {})),
                redis=replace(conditions.redis, **(redis or {})),
                **fields,
            )

        read = record().conditions
        return read[:MIDDLE] + [change(conditions) for conditions in read[MIDDLE:]]

    return make


def bypassed(record, count, word="bypass"):
    *others, last = record().readings
    lookups = dict(last.counters.lookups) | {word: count}
    return [*others, replace(last, counters=replace(last.counters, lookups=lookups))]


def test_undisturbed_trial_is_trusted(record, samples, doubts):
    assert len(record().conditions) == 13
    assert doubts() == {}
    assert figures_of(record(), samples()).trusted


def test_record_without_conditions_is_judged_without_them(doubts):
    assert doubts(conditions=[]) == {}


def test_knobs_that_another_changed_are_named_with_both_values_and_the_time(changed, doubts):
    conditions = changed(service={"knobs": {"ttl_seconds": 5.0}, "knobs_version": 2})

    (doubt,) = doubts(conditions=conditions).values()

    assert doubt.kind == "knobs-changed"
    assert doubt.text == "knobs changed between 5.5 and 6.5 s: ttl_seconds from 1.0 to 5.0"
    assert doubt.scope == "trial"


def test_redis_that_could_not_be_read_while_it_restarted_was_restarted_all_the_same(
    changed, doubts
):
    conditions = changed(redis={"run_id": "b2"})
    conditions[MIDDLE] = replace(conditions[MIDDLE], redis=None)

    assert doubts(conditions=conditions)["redis-restarted"].text == (
        "Redis was restarted between 5.5 and 7.5 s"
    )


@pytest.mark.parametrize(("version", "kinds"), [(2, set()), (3, {"knobs-changed"})])
def test_knobs_changed_and_set_back_are_a_doubt_but_not_the_same_values_set_once(
    changed, doubts, version, kinds
):
    assert set(doubts(conditions=changed(service={"knobs_version": version}))) == kinds


def test_evictions_are_counted(changed, doubts):
    (doubt,) = doubts(conditions=changed(redis={"evicted_keys": 4})).values()

    assert (doubt.kind, doubt.scope) == ("evictions", "trial")
    assert "evicted 4 keys" in doubt.text


def test_evictions_that_were_predicted_are_a_note(record, changed, doubts):
    crowded = replace(record().prediction, crowding=Crowding(1500.4, 1000.2))

    found = doubts(conditions=changed(redis={"evicted_keys": 4}), prediction=crowded)

    assert {kind: doubt.scope for kind, doubt in found.items()} == {
        "evictions-expected": "note",
        "evictions": "note",
    }
    assert "holds about 1000 entries, and about 1500 would be" in found["evictions-expected"].text


def test_expired_keys_and_connections_are_no_doubt(changed, doubts):
    assert doubts(conditions=changed(redis={"expired_keys": 99, "connected_clients": 1})) == {}


def test_writes_that_are_not_ours_are_counted(record, changed, doubts):
    counts = dict(record().conditions[0].service.changes)
    counts |= {"PUT /fruit/<id>": 298, "DELETE /fruit/<id>": 2}
    conditions = changed(service={"changes": counts})

    assert "300 writes" in doubts(conditions=conditions)["foreign-writes"].text
    ours = dict(record().load) | {"writes": 299}
    assert "1 writes" in doubts(conditions=conditions, load=ours)["foreign-writes"].text
    assert doubts(conditions=conditions, load=ours | {"writes": 300}) == {}


def test_unacknowledged_writes_of_ours_may_have_been_made(record, changed, doubts):
    counts = dict(record().conditions[0].service.changes) | {"PUT /fruit/<id>": 2}
    load = dict(record().load) | {"failed_writes": 2}

    assert doubts(conditions=changed(service={"changes": counts}), load=load) == {}


@pytest.mark.parametrize(("count", "words"), [(1, "once"), (8, "8 times")])
def test_cache_that_another_cleared_is_a_doubt(record, changed, doubts, count, words):
    counts = dict(record().conditions[0].service.changes) | {"DELETE /control/cache": count}

    (doubt,) = doubts(conditions=changed(service={"changes": counts})).values()

    assert (doubt.kind, doubt.scope) == ("cache-cleared", "trial")
    assert doubt.text == f"another cleared the cache {words}"


def test_load_generator_clears_the_cache_itself_before_traces_and_writes(record, changed, doubts):
    own = dict(record().load) | {"cache_at_start": "empty"}
    for count, found in ((0, []), (1, []), (2, ["cache-cleared"])):
        counts = dict(record().conditions[0].service.changes) | {"DELETE /control/cache": count}

        assert list(doubts(conditions=changed(service={"changes": counts}), load=own)) == found


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"service": {"process_starts": [1006.0]}}, "service-restarted", "the service was"),
        ({"redis": {"run_id": "b2", "evicted_keys": 9}}, "redis-restarted", "Redis was"),
    ],
)
def test_restart_is_named_with_its_time_whether_or_not_it_aborted_the_trial(
    changed, doubts, change, kind, words
):
    conditions = changed(**change)

    for aborted in (None, "no answer"):
        found = doubts(conditions=conditions, aborted=aborted)
        assert set(found) - {"aborted"} == {kind}
        assert found[kind].text == f"{words} restarted between 5.5 and 6.5 s"


def test_counts_of_a_restarted_service_are_not_foreign_writes(record, changed, doubts):
    fewer = dict.fromkeys(record().conditions[0].service.changes, -3)
    conditions = changed(service={"process_starts": [1006.0], "changes": fewer})

    assert set(doubts(conditions=conditions)) == {"service-restarted"}


@pytest.mark.parametrize(("step", "words"), [(-3.0, "back by 3.0 s"), (2.0, "forward by 2.0 s")])
def test_clock_that_jumped_is_a_doubt(changed, doubts, step, words):
    (doubt,) = doubts(conditions=changed(clock_offset=900.0 + step)).values()

    assert (doubt.kind, doubt.scope) == ("clock-jumped", "trial")
    assert words in doubt.text


def test_clock_that_is_slewed_is_no_doubt(changed, doubts):
    assert doubts(conditions=changed(clock_offset=900.05)) == {}


def test_more_lookups_than_were_sent_are_a_doubt(record, doubts):
    # 1000 lookups in 10 s: 83 are expected, and at most 30 more.
    assert set(doubts(load=dict(record().load) | {"target_rate": 83.0})) == {"rate-exceeded"}
    assert doubts(load=dict(record().load) | {"target_rate": 95.0}) == {}


@pytest.mark.parametrize(
    ("load_seconds", "ttl_seconds", "scope"),
    [(0.1, 1.0, "trial"), (0.1, 60.0, "latency"), (0.012, 1.0, None), (0.001, 0.5, "trial")],
    ids=["slower", "slower-than-matters", "noise", "faster"],
)
def test_load_time_that_is_not_the_probes_is_a_doubt(
    record, doubts, load_seconds, ttl_seconds, scope
):
    conditions = [
        replace(each, service=replace(each.service, load_seconds=each.service.loads * load_seconds))
        for each in record().conditions
    ]
    trial = replace(record().trial, ttl_seconds=ttl_seconds)

    found = doubts(conditions=conditions, trial=trial)

    doubt = found.get("fill-time-changed")
    assert (doubt.scope if doubt else None) == scope


def test_queries_that_the_database_failed_are_a_doubt(record, doubts):
    after = record().after
    queries = dict(after.service.store_queries) | {"select error": 12}
    failed = replace(after, service=replace(after.service, store_queries=queries))

    assert "failed 12 queries" in doubts(after=failed)["store-errors"].text


@pytest.mark.parametrize("word", ["bypass", "error"])
@pytest.mark.parametrize(("count", "scope"), [(1, "note"), (2, "trial")])
def test_lookups_without_the_cache_are_noted_and_doubted_above_one_in_a_thousand(
    record, doubts, word, count, scope
):
    # The window has 1000 lookups and these.
    found = doubts(readings=bypassed(record, count, word))

    assert [doubt.scope for doubt in found.values()] == [scope]


@pytest.mark.parametrize(
    ("fills", "writes", "found"),
    [
        ({"stored": 990, "failed": 10}, 0, False),
        ({"stored": 980, "failed": 20}, 0, True),
        ({"stored": 980, "fenced": 20}, 0, True),
        ({"stored": 980, "fenced": 20}, 50, False),
    ],
)
def test_redis_that_had_no_room_for_fills_is_a_doubt_where_it_is_short_of_memory(
    record, doubts, fills, writes, found
):
    made = record()
    none = dict.fromkeys(("stored", "redundant", "fenced", "failed"), 0)
    before, after = (
        replace(each, service=replace(each.service, fills=none | counts))
        for each, counts in ((made.before, {}), (made.after, fills))
    )
    short = replace(made.prediction, crowding=Crowding(500.0, 100.0))
    load = {**made.load, "writes": writes}

    kinds = doubts(before=before, after=after, prediction=short, load=load)
    plenty = doubts(before=before, after=after, load=load)

    assert ("fills-lost" in kinds) == found
    assert "fills-lost" not in plenty

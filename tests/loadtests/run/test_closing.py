"""The closing line of a run: what was measured, beside what was predicted."""

import dataclasses

import numpy as np

from loadtests.prediction.stale_reads import Staleness
from loadtests.run.closing import closing_lines
from loadtests.run.outcome import Outcome, summarise
from loadtests.sender.samples import RESULT_INDEX
from loadtests.sender.tallies import Tallies
from tests.loadtests.settings_for import settings


def ended(**counts):
    rows = [(0.0, 0.002, 0.001, RESULT_INDEX["hit"], 0)] * 10
    tallies = Tallies(rows=rows, arrivals=10, **counts)
    tallies.fold(["ReadWrite"], 0.0)
    tallies.staleness.add(np.array([2.0, 2.2]))
    return Outcome(settings(), tallies, 1.0, 2.0, {})


def only_line(outcome):
    (line,) = closing_lines(outcome)
    return line


STALE = {"judged_reads": 10, "stale_reads": 2, "reads_after_write": 4, "writes_visible": 3}


def test_staleness_stands_beside_its_prediction():
    expected = Staleness(0.21, 2.0, 0.8)
    outcome = dataclasses.replace(ended(**STALE), predicted_staleness=expected)

    assert only_line(outcome).endswith(
        "2 stale of 10 judged reads: 20.0 % (predicted 21.0 %), "
        "mean staleness 2.10 s (predicted 2.00 s), "
        "writes visible after 1 s 75.0 % (predicted 80.0 %)"
    )
    summary = summarise(outcome)
    assert (summary["stale_ratio"], summary["predicted_stale_ratio"]) == (0.2, 0.21)
    assert summary["predicted_staleness_mean_seconds"] == 2.0
    assert summary["writes_visible_after_seconds"] == 1.0
    assert summary["writes_visible_ratio"] == 0.75
    assert summary["predicted_writes_visible_ratio"] == 0.8


def test_hit_ratio_by_counters_is_said_with_who_counted():
    chosen = settings(target_url="http://127.0.0.1:8080/{key}", redis_url="redis://127.0.0.1")
    by_redis = dataclasses.replace(ended(), settings=chosen, key_hit_ratio=0.75)

    assert "hit ratio by Redis' INFO 75.0 %" in "".join(closing_lines(by_redis))
    assert summarise(by_redis)["redis_hit_ratio"] == 0.75
    counted = dataclasses.replace(chosen.target, counters=object())
    chosen = dataclasses.replace(chosen, target=counted)
    by_counters = dataclasses.replace(by_redis, settings=chosen)
    assert "hit ratio by the target's counters 75.0 %" in "".join(closing_lines(by_counters))
    assert summarise(by_counters)["redis_hit_ratio"] is None
    assert summarise(by_counters)["counters_hit_ratio"] == 0.75


def test_staleness_without_a_prediction_stands_alone():
    line = only_line(ended(**STALE))

    assert "2 stale of 10 judged reads: 20.0 %, mean" in line
    assert "(predicted" not in line


def test_run_without_writes_says_nothing_of_staleness():
    outcome = ended()

    assert "stale" not in only_line(outcome)
    assert summarise(outcome)["stale_ratio"] is None

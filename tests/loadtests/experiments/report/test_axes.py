"""A sweep with axes in tables, pages, charts and conclusions: each combination by itself."""

import dataclasses
import io

import pytest
from rich.console import Console

from loadtests.experiments.figures.axes.combinations import by_combination
from loadtests.experiments.figures.conclusions import conclusions
from loadtests.experiments.figures.doubt import Doubt
from loadtests.experiments.figures.pooled import pool
from loadtests.experiments.figures.results import load_results
from loadtests.experiments.figures.staleness_figures import StaleReads, stale_reads_of
from loadtests.experiments.records.records import load_run, save_run
from loadtests.experiments.report.charts.axis_charts import axis_charts
from loadtests.experiments.report.pages import render_sweep
from loadtests.experiments.report.table import run_tables
from loadtests.prediction.stale_reads import Staleness

BUSY = Doubt("generator-busy", "busy", "wait")
NONE, LEASE = {"protection": "none"}, {"protection": "lease"}
STALE = StaleReads(400, 0.11, 0.25, 0.6, Staleness(0.10, 0.24, 0.61))


@pytest.fixture
def trial(results):
    """Return a function that makes a trusted trial, with some fields replaced."""

    def make(ttl_seconds, ratio, values, **changes):
        return dataclasses.replace(
            results.trials[0],
            ttl_seconds=ttl_seconds,
            hit_ratio=ratio,
            predicted_hit_ratio=ratio - 0.01,
            hit_ratio_error=0.005,
            batches=10,
            values=values,
            **{"doubts": [], **changes},
        )

    return make


def printed(results):
    console = Console(width=100, file=io.StringIO())
    console.print(run_tables(results))
    return console.file.getvalue()


def measured(figure):
    """The lines of a chart: their names, places and means."""
    return [
        (each.name, tuple(each.x), tuple(each.y))
        for each in figure.data
        if each.mode == "lines+markers"
    ]


def test_repetitions_are_pooled_within_their_combination(trial):
    trials = [trial(1.0, 0.5, NONE), trial(1.0, 0.6, NONE), trial(1.0, 0.9, LEASE)]

    first, second = pool(trials)

    assert (first.values, first.hit_ratio, first.trials) == (NONE, pytest.approx(0.55), 2)
    assert (second.values, second.hit_ratio, second.trials) == (LEASE, 0.9, 1)


def test_doubted_combination_is_unknown_whatever_the_others_show(trial, run_record):
    trials = [trial(1.0, 0.5, NONE, doubts=[BUSY]), trial(1.0, 0.9, LEASE)]

    assert [each.values for each in pool(trials)] == [LEASE]
    said = conclusions(run_record, trials)
    assert "What protection none does is unknown: no trial of it is trusted." in said


def test_conclusions_name_the_extremes_and_what_reaches_the_wanted_ratio(trial, run_record):
    apart = [trial(1.0, 0.5, NONE), trial(1.0, 0.95, LEASE)]
    close = [trial(1.0, 0.501, NONE), trial(1.0, 0.502, LEASE)]

    said = " ".join(conclusions(run_record, apart))

    assert "At a TTL of 1 s the hit ratio is lowest with protection none (0.500, 0." in said
    assert "and highest with protection lease (0.950, 0." in said
    assert "A hit ratio of 0.9 is reached with protection lease." in said
    said = " ".join(conclusions(run_record, close))
    assert ", but their intervals overlap." in said
    assert "No combination measured is sure to reach a hit ratio of 0.9." in said


def test_conclusions_about_the_ttl_are_those_of_each_combination(trial, run_record):
    trials = [
        trial(ttl, ratio, values)
        for values, ratios in ((NONE, (0.5, 0.7)), (LEASE, (0.8, 0.99)))
        for ttl, ratio in zip((1.0, 5.0), ratios, strict=True)
    ]

    said = " ".join(conclusions(run_record, trials))

    assert "With protection none no TTL measured reaches a hit ratio of 0.9" in said
    assert "With protection lease the smallest TTL measured that reaches a hit ratio of 0.9" in said
    assert (
        "With protection lease from a TTL of 1 s to 5 s the hit ratio goes from 0.800 to 0.99"
    ) in said


def test_table_and_pages_name_the_values_of_each_trial(results):
    trials = [
        dataclasses.replace(trial, values={"protection": word, "skew": 0.5})
        for trial, word in zip(results.trials, ("lease", "none", "early"), strict=True)
    ]
    varied = dataclasses.replace(results, trials=trials)

    table, pages = printed(varied), render_sweep(varied)

    for word in ("protection", "skew", "lease", "none", "early", "0.5"):
        assert word in table
        assert word in pages.html
        assert word in pages.markdown
    assert max(map(len, table.splitlines())) <= 100


def test_stale_reads_stand_beside_theory_where_the_plan_writes(results):
    trials = [dataclasses.replace(trial, stale_reads=STALE) for trial in results.trials]
    written = dataclasses.replace(results, trials=trials)

    for shown in (printed(written), render_sweep(written).html, render_sweep(written).markdown):
        for text in ("11.0 %", "10.0 %", "0.25", "0.24", "60.0 %", "61.0 %"):
            assert text in shown
    assert "Stale reads" not in render_sweep(results).html
    said = " ".join(conclusions(results.run, trials))
    assert "the share of stale reads is off its formula by 1.0 points at most" in said


def test_stale_reads_are_those_of_the_warm_part_beside_the_prediction(record):
    warm = {"judged_reads": 200, "stale_reads": 20, "staleness_mean_seconds": 0.3}
    made = record()
    expected = Staleness(0.1, 0.2, 0.9)
    made.prediction = dataclasses.replace(made.prediction, staleness=expected)

    assert stale_reads_of(made) is None
    made.load = {**made.load, "warm": {**warm, "writes_visible_ratio": 0.8}}
    assert stale_reads_of(made) == StaleReads(200, 0.1, 0.3, 0.8, expected)


def test_ttl_is_on_the_x_axis_with_a_line_for_each_combination(trial):
    trials = [
        trial(ttl, ratio, values)
        for values, ratios in ((NONE, (0.5, 0.7)), (LEASE, (0.8, 0.9)))
        for ttl, ratio in zip((1.0, 5.0), ratios, strict=True)
    ]

    figure = axis_charts(trials)[0]

    assert figure.layout.xaxis.title.text == "TTL in seconds"
    assert measured(figure) == [
        ("hit ratio, protection none", (1.0, 5.0), (0.5, 0.7)),
        ("hit ratio, protection lease", (1.0, 5.0), (0.8, 0.9)),
    ]
    theory = [each for each in figure.data if each.name == "theory, protection lease"]
    assert theory[0].y == pytest.approx((0.79, 0.89))


def test_first_axis_is_on_the_x_axis_where_there_is_one_ttl(trial):
    trials = [
        trial(2.0, skew / 2 + more, {"skew": skew, "protection": word})
        for skew in (1.0, 0.5)
        for word, more in (("none", 0.0), ("lease", 0.1))
    ]

    figure = axis_charts(trials)[0]

    assert figure.layout.title.text == "Hit ratio over skew"
    assert measured(figure) == [
        ("hit ratio, protection none", (0.5, 1.0), (0.25, 0.5)),
        ("hit ratio, protection lease", (0.5, 1.0), (0.35, 0.6)),
    ]


def test_words_on_the_x_axis_keep_the_order_of_the_plan(trial):
    figure = axis_charts([trial(2.0, 0.5, NONE), trial(2.0, 0.6, LEASE)])[0]

    assert measured(figure) == [("hit ratio", ("none", "lease"), (0.5, 0.6))]
    assert figure.layout.xaxis.type == "category"


def test_line_breaks_at_a_doubted_combination_which_is_a_point(trial):
    doubted = trial(5.0, 0.7, LEASE, doubts=[BUSY])

    figure = axis_charts([trial(1.0, 0.5, LEASE), doubted, trial(9.0, 0.9, LEASE)])[0]

    assert measured(figure) == [("hit ratio, protection lease", (1.0, 5.0, 9.0), (0.5, None, 0.9))]
    points = [each for each in figure.data if each.mode == "markers" and each.text]
    assert (points[0].x, points[0].y) == ((5.0,), (0.7,))


def test_stale_reads_have_a_chart_where_the_plan_writes(trial):
    titles = [
        figure.layout.title.text
        for figure in axis_charts(
            [trial(1.0, 0.5, NONE, stale_reads=STALE), trial(1.0, 0.6, LEASE)]
        )
    ]

    assert "Stale reads over protection" in titles
    assert len(titles) == 5


def test_trials_come_in_the_order_of_the_plan(folder):
    run = load_run(folder)
    save_run(folder, dataclasses.replace(run, plan={**run.plan, "axes": {"skew": [2.0, 1.0]}}))
    for number, skew in ((1, 1.0), (2, 2.0), (3, 1.0)):
        path = folder / f"trial-{number:02d}.json"
        text = path.read_text()
        path.write_text(text.replace('"values": {}', f'"values": {{"skew": {skew}}}'))

    trials = load_results(folder).trials

    assert [(t.values["skew"], t.ttl_seconds) for t in trials] == [
        (2.0, 1.0),
        (1.0, 2.0),
        (1.0, 5.0),
    ]
    assert [values["skew"] for values, _ in by_combination(trials)] == [2.0, 1.0]

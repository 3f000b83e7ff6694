"""The charts of a report, as they are handed to plotly."""

import dataclasses

import pytest

from loadtests.experiments.figures.doubt import Doubt
from loadtests.experiments.figures.percentiles import Percentiles
from loadtests.experiments.figures.theory_curve import CurvePoint
from loadtests.experiments.report.charts.time_charts import time_chart
from loadtests.experiments.report.charts.ttl_charts import (
    all_lookups_chart,
    by_result_chart,
    hit_ratio_chart,
    results_chart,
    store_chart,
)

BUSY = Doubt("generator-busy", "busy", "wait")


@pytest.fixture
def trial(results):
    """Return a function that makes a trusted trial, with some fields replaced."""

    def make(ttl_seconds, **changes):
        first = results.trials[0]
        return dataclasses.replace(first, ttl_seconds=ttl_seconds, doubts=[], **changes)

    return make


def series(figure, name):
    return [each for each in figure.data if each.name == name]


def test_interval_that_reaches_zero_is_drawn_down_to_it(trial):
    rare = trial(1.0, hit_ratio=0.01, hit_ratio_low=0.0, hit_ratio_high=0.04, hit_ratio_error=0.01)

    (line,) = series(hit_ratio_chart([rare], []), "hit ratio, 95 % interval")

    assert line.error_y.arrayminus == pytest.approx((0.01,))
    assert line.error_y.array[0] > 0.01


def test_unknown_interval_is_not_drawn(trial):
    trace = trial(1.0, hit_ratio_low=None, hit_ratio_high=None, hit_ratio_error=None)

    (line,) = series(hit_ratio_chart([trace], []), "hit ratio, 95 % interval")

    assert line.error_y.array == (0.0,)


def test_repetitions_are_points_beside_a_line_through_their_mean(trial):
    trials = [trial(1.0, hit_ratio=0.5), trial(1.0, hit_ratio=0.7), trial(2.0, hit_ratio=0.8)]

    line, points = series(hit_ratio_chart(trials, []), "hit ratio, 95 % interval")

    assert line.x == (1.0, 2.0)
    assert line.y == pytest.approx((0.6, 0.8))
    assert points.mode == "markers"
    assert (points.x, points.y) == ((1.0, 1.0), (0.5, 0.7))


def test_line_breaks_where_a_ttl_has_only_doubted_trials(trial):
    trials = [trial(ttl, store_queries_per_second=ttl * 10) for ttl in (1.0, 2.0, 4.0)]
    trials[1] = dataclasses.replace(trials[1], doubts=[BUSY])

    line, points = series(store_chart(trials, []), "measured")

    assert line.y == (10.0, None, 40.0)
    assert line.connectgaps is False
    assert (points.x, points.y) == ((2.0,), (20.0,))
    assert points.text == ("trial 2, doubted",)


def test_latency_line_breaks_where_latencies_alone_are_doubted(trial):
    late = Doubt("late-starts", "late", "wait", "latency")
    trials = [trial(1.0), dataclasses.replace(trial(2.0), doubts=[late])]

    figure = all_lookups_chart(trials)

    assert [len(each.y) for each in series(figure, "p50 response")] == [2, 1]
    assert series(figure, "p50 response")[0].y[1] is None


def test_theory_is_a_curve_between_the_points(trial):
    curve = [CurvePoint(ttl, ttl / 10, ttl / 9, 50 - ttl) for ttl in (1.0, 1.5, 2.0)]

    figure = hit_ratio_chart([trial(1.0), trial(2.0)], curve)

    (theory,) = series(figure, "theory, hit ratio")
    assert theory.mode == "lines"
    assert (theory.x, theory.y) == ((1.0, 1.5, 2.0), (0.1, 0.15, 0.2))
    assert series(store_chart([trial(1.0)], curve), "theory")[0].y == (49.0, 48.5, 48.0)


def test_theory_is_a_point_for_each_trial_where_there_is_no_curve(trial):
    (theory,) = series(hit_ratio_chart([trial(1.0), trial(2.0)], []), "theory, hit ratio")

    assert theory.mode == "markers"
    assert theory.y == (0.9, 0.9)


def test_theory_and_replay_are_left_out_where_unknown(trial):
    unknown = trial(1.0, predicted_hit_ratio=None, predicted_offload_ratio=None)

    names = [each.name for each in hit_ratio_chart([unknown], []).data]

    assert names == ["offload", "hit ratio, 95 % interval"]


def test_replay_stands_beside_the_measured_hit_ratio(trial):
    trials = [trial(1.0, replayed_hit_ratio=0.91), trial(2.0)]

    (replay,) = series(hit_ratio_chart(trials, []), "replay, hit ratio")

    assert (replay.x, replay.y) == ((1.0,), (0.91,))


def test_results_are_shares_of_each_trial_in_a_pattern_of_their_own(trial):
    counted = {**trial(1.0).results, "hit": 600, "stale": 300}

    figure = results_chart([trial(1.0, results=counted), trial(2.0)])

    shares = {bar.name: bar.y for bar in figure.data}
    assert shares == {"hit": (0.6, 0.9), "stale": (0.3, 0.0), "miss": (0.1, 0.1)}
    patterns = [bar.marker.pattern.shape for bar in figure.data]
    assert len(set(patterns)) == len(patterns)


def test_results_of_repetitions_stand_side_by_side(trial):
    figure = results_chart([trial(1.0), trial(1.0, repetition=2)])

    assert tuple(map(tuple, figure.data[0].x)) == (("1", "1"), ("#1", "#2"))


def test_series_of_latencies_differ_without_colour_too(trial):
    times = dict.fromkeys(trial(1.0).percentiles, Percentiles(0.001, 0.002, 0.003, 5000))

    for clock in ("response", "service"):
        figure = by_result_chart([trial(1.0, percentiles=times)], clock)
        looks = [(each.marker.symbol, each.line.dash) for each in figure.data]
        assert len(looks) == 18
        assert len(set(looks)) == len(looks)
    figure = all_lookups_chart([trial(1.0, percentiles=times)])
    looks = [(each.marker.symbol, each.line.dash) for each in figure.data]
    assert len(looks) == len(set(looks)) == 6


def test_every_chart_has_units_on_its_axes_and_values_to_hover(trial):
    trials = [trial(1.0, replayed_hit_ratio=0.9), trial(2.0)]

    for figure in (
        *(hit_ratio_chart(trials, []), store_chart(trials, []), results_chart(trials)),
        *(all_lookups_chart(trials), by_result_chart(trials, "service")),
        time_chart(trials[0], trials[0].series),
    ):
        assert figure.layout.xaxis.title.text
        assert figure.layout.yaxis.title.text
        assert all("%{y" in each.hovertemplate for each in figure.data)


def test_trial_over_time_shades_its_window_and_levels_what_was_expected_of_it(trial):
    shown = trial(1.0, predicted_hit_ratio=0.88, replayed_hit_ratio=0.89)

    figure = time_chart(shown, shown.series)

    (window,) = figure.layout.shapes
    assert (window.x0, window.x1) == (shown.series.opens, shown.series.closes)
    assert series(figure, "theory")[0].y == (0.88, 0.88)
    assert series(figure, "replay")[0].x == (window.x0, window.x1)
    assert series(figure, "hit ratio")[0].x0 == shown.series.width_seconds / 2
    assert series(figure, "hit ratio")[0].y[3] == pytest.approx(10 / 11, abs=0.05)
    assert series(figure, "slowest response")[0].y[3] == pytest.approx(12.0, abs=0.01)

"""The load generator's metrics, value by value."""

import itertools
import math
import re
from pathlib import Path

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from loadtests.page.exporter import BUCKETS_SECONDS, Exposition, LoadCollector
from loadtests.page.snapshot import View
from loadtests.sender.histogram import Histogram
from loadtests.sender.samples import RESULT_INDEX
from loadtests.sender.tallies import Tallies

METRICS_PAGE = Path(__file__).parents[3] / "docs" / "metrics.md"


def samples(page):
    """Return every sample of a page by name and labels."""
    found = {}
    for family in text_string_to_metric_families(page.decode()):
        for sample in family.samples:
            found[sample.name, *sorted(sample.labels.items())] = sample.value
    return found


def scrape(view, users=3):
    return samples(Exposition(LoadCollector(lambda: view, lambda: users)).page())


def view(*words, response=0.003, **given):
    tallies = Tallies(rows=[(0.0, response, 0.001, RESULT_INDEX[word], 0) for word in words])
    tallies.fold(["ReadHeavy"], 0.0)
    return View(tallies=tallies, **given)


def row(name, word, **labels):
    return (name, *sorted({"scenario": "ReadHeavy", "result": word, **labels}.items()))


def test_lookups_are_counters_by_scenario_and_result():
    values = scrape(view("hit", "hit", "dropped"))

    assert values[row("loadtest_requests_total", "hit")] == 2
    assert values[row("loadtest_requests_total", "dropped")] == 1
    assert values["loadtest_dropped_total",] == 1


def test_only_what_happened_has_series():
    words = {
        dict(labels).get("result")
        for name, *labels in scrape(view("hit", "miss"))
        if name.endswith("_count")
    }

    assert words == {"hit", "miss", None}
    assert not any(name == "loadtest_requests_total" for name, *_ in scrape(View()))


def test_latencies_are_histograms_in_seconds():
    values = scrape(view("hit", response=0.003))

    assert values[row("loadtest_response_seconds_bucket", "hit", le="0.0024")] == 0
    assert values[row("loadtest_response_seconds_bucket", "hit", le="0.0032")] == 1
    assert values[row("loadtest_response_seconds_bucket", "hit", le="+Inf")] == 1
    assert values[row("loadtest_response_seconds_sum", "hit")] == pytest.approx(0.003)
    assert values[row("loadtest_service_seconds_sum", "hit")] == pytest.approx(0.001)


@pytest.mark.parametrize("q", [0.5, 0.95, 0.99])
@pytest.mark.parametrize("median", [0.0004, 0.004, 0.1])
def test_quantiles_of_the_buckets_are_those_of_the_samples_within_what_a_bucket_allows(q, median):
    times = np.random.default_rng(11).lognormal(math.log(median), 0.5, 5000)
    histogram = Histogram()
    histogram.add(times)
    below = histogram.counts_below(BUCKETS_SECONDS)

    # As histogram_quantile does it: on a straight line through the bucket.
    place = next(number for number, count in enumerate(below) if count >= q * len(times))
    low, before = (BUCKETS_SECONDS[place - 1], below[place - 1]) if place else (0.0, 0)
    share = (q * len(times) - before) / (below[place] - before)
    shown = low + share * (BUCKETS_SECONDS[place] - low)

    # Measured: at most 3 %.
    assert shown == pytest.approx(np.quantile(times, q), rel=0.05)


def test_bounds_are_at_most_a_third_apart_up_to_a_second():
    ratios = [above / below for below, above in itertools.pairwise(BUCKETS_SECONDS) if above <= 1]

    assert max(ratios) < 1.4
    assert len(ratios) == 32


def test_slip_is_the_difference_between_the_clocks():
    values = scrape(view("hit", response=0.003))

    assert values["loadtest_slip_seconds_sum",] == pytest.approx(0.002)


def test_gauges_show_rate_users_workers_and_requests_in_flight():
    values = scrape(view("hit", workers=2, target_rate=200.0))

    assert values["loadtest_target_rate",] == 200.0
    assert values["loadtest_users",] == 3
    assert values["loadtest_workers",] == 2
    assert values["loadtest_in_flight",] == 0


def test_what_was_asked_for_and_what_of_it_was_sent_are_counters():
    values = scrape(view("hit", target_arrivals=40.5, sent=38))

    assert values["loadtest_target_arrivals_total",] == 40.5
    assert values["loadtest_sent_total",] == 38


def test_only_known_predictions_are_shown():
    values = scrape(
        View(predicted_hit_ratio=0.8, predicted_near_ratio=0.3, theory={1.0: 0.5, 60.0: None})
    )

    assert values["loadtest_predicted_hit_ratio",] == 0.8
    assert values["loadtest_predicted_near_ratio",] == 0.3
    assert values["loadtest_theory_hit_ratio", ("ttl_seconds", "1")] == 0.5
    assert ("loadtest_theory_hit_ratio", ("ttl_seconds", "60")) not in values
    assert ("loadtest_predicted_hit_ratio",) not in scrape(View())
    assert ("loadtest_predicted_near_ratio",) not in scrape(View())


def test_writes_that_were_sent_are_counted_acknowledged_or_not():
    tallies = Tallies(writes=4, failed_writes=1, dropped_writes=7)

    assert scrape(View(tallies=tallies))["loadtest_writes_total",] == 5


def test_stale_reads_are_counted():
    tallies = Tallies(stale_reads=4, stale_seconds=[0.5, 1.5])
    tallies.fold([], 0.0)

    values = scrape(View(tallies=tallies))

    assert values["loadtest_stale_reads_total",] == 4
    assert values["loadtest_staleness_seconds_count",] == 2
    assert values["loadtest_staleness_seconds_sum",] == pytest.approx(2.0)


def test_the_metrics_page_names_every_metric_of_the_load_generator():
    values = scrape(
        view("hit", predicted_hit_ratio=0.8, predicted_near_ratio=0.3, theory={1.0: 0.5})
    )
    shown = {re.sub(r"_(bucket|count|sum)$", "", name) for name, *_ in values}
    shown |= {f"loadtest_trial_{kind}hit_ratio" for kind in ("", "predicted_", "replay_")}

    documented = set(re.findall(r"`(loadtest_\w+)`", METRICS_PAGE.read_text(encoding="utf-8")))

    assert shown == documented

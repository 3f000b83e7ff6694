"""Every query, on real Prometheus servers of both versions, over an evening of traffic."""

import contextlib
import itertools
import math
import os
import re
import shutil
import subprocess

import numpy as np
import pytest

from loadtests.experiments.commands.trial_page import TrialPage
from loadtests.page.exporter import BUCKETS_SECONDS
from loadtests.sender.samples import RESULTS, read_samples
from loadtests.stack import local
from loadtests.stack.local import LocalStack
from loadtests.stack.ports import free_port
from tests.dashboards.board_files import (
    BOARDS,
    all_queries,
    fill_variables,
    load,
    metrics_in,
    panels,
    rule_queries,
)
from tests.dashboards.evaluation import (
    ContainedPrometheus,
    PrometheusApi,
    is_number,
    moves,
)
from tests.dashboards.evening import FULL, RATE, SCENARIOS, SHORT, Evening
from tests.dashboards.hour import board_cost, served, write_hour
from tests.dashboards.local_stage import RULES, LocalStage
from tests.dashboards.metrics_page import RECORDED

pytestmark = [pytest.mark.integration, pytest.mark.long]

IMAGE = "prom/prometheus:v3.5.0"
EXPORTERS = ("redis_", "mysql_")
# Alerts about what does not happen this evening
SILENT = {
    "ServiceDown",
    "RedisDown",
    "MySQLDown",
    "ExporterDown",
    "RedisNodeLost",
    "StaleReads",
    "RedisEvictions",
    "HitRatioLow",
    "OriginAmplificationHigh",
    "LoadBelowTarget",
    "DependencyRefuses",
    "FillsFailing",
}
FIRED = {"BreakerOpen", "ErrorRatioHigh"}


def needs_exporter(query):
    return any(name.startswith(EXPORTERS) for name in metrics_in(query.expr))


QUERIES = [
    query for query in all_queries() if query.kind == "variable" or not needs_exporter(query)
]
PANEL_QUERIES = [query for query in QUERIES if query.kind == "panel"]
WINDOW = 20.0


@pytest.fixture(scope="module")
def prometheus_35(tmp_path_factory):
    """Return what starts the newer Prometheus on the same targets; None without its image."""

    def start(targets):
        configuration = {
            "global": {"scrape_interval": "5s", "evaluation_interval": "5s"},
            "scrape_configs": [
                {"job_name": job, "static_configs": [{"targets": addresses}]}
                for job, addresses in targets.items()
            ],
        }
        folder = tmp_path_factory.mktemp("prometheus-3.5")
        return ContainedPrometheus(IMAGE, configuration, RULES, free_port(), folder)

    looked = shutil.which("docker") and subprocess.run(
        ["docker", "image", "inspect", IMAGE], capture_output=True, check=False
    )
    return start if looked and looked.returncode == 0 else None


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(SHORT, id="short"),
        pytest.param(FULL, id="full", marks=pytest.mark.accept),
    ],
)
def evening(request, tmp_path_factory, prometheus_35, prometheus_program):
    """Yield the evening, its Prometheus servers by version, and the folder of the records."""
    folder = tmp_path_factory.mktemp("evening")
    port, trials_port = free_port(), free_port()
    with contextlib.ExitStack() as things:
        patch = things.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(local, "find_server", lambda _: prometheus_program)
        trials = things.enter_context(TrialPage("127.0.0.1", trials_port))
        trials.gauges.show(2, measured=0.5, predicted=0.52, replayed=0.51)
        trials.gauges.show(4, measured=0.6, predicted=0.61, replayed=0.6)
        scrape = {"locust": [f"127.0.0.1:{port}"], "sweep": [f"127.0.0.1:{trials_port}"]}
        # With the default TTL of 60 s, ages would be unknown for a minute after the first change.
        environment = {"TTL_SECONDS": "2", "NEGATIVE_TTL_SECONDS": "2"}
        stack = things.enter_context(
            LocalStack(database="mariadb", environment=environment, prometheus=True, scrape=scrape)
        )
        servers = {str(prometheus_program).split()[1]: PrometheusApi(stack.prometheus_url)}
        if prometheus_35:
            services = [url.removeprefix("http://") for url in stack.service_urls]
            newer = things.enter_context(prometheus_35({"service": services, **scrape}))
            servers["3.5"] = newer.api
        played = Evening(request.param)
        played.play(LocalStage(stack, folder, port))
        yield played, servers, folder


@pytest.fixture(params=["2.42", "3.5"])
def watched(request, evening):
    """Return the evening, one of its Prometheus servers, and the folder of the records."""
    played, servers, folder = evening
    for version, api in servers.items():
        if version.startswith(request.param):
            return played, api, folder
    if os.environ.get("CI") == "true":
        pytest.fail(f"under CI=true Prometheus {request.param} may not be missing")
    pytest.skip(f"no Prometheus {request.param} here, only {', '.join(servers)}")


def test_every_scenario_and_every_result_occurred(watched):
    """A panel is proven only by what occurred."""
    played, api, _ = watched
    end = played.phases["over"][1]
    seen = f"max_over_time(sum by (%s) (%s)[{end - played.start:.0f}s:5s]) > 0"

    scenarios = api.instant(seen % ("scenario", "loadtest_requests_total"), end)
    results = api.instant(seen % ("result", "cacheaside_lookups_total"), end)

    assert {one.labels["scenario"] for one in scenarios} == {*SCENARIOS, "TraceReplay"}
    assert {one.labels["result"] for one in results} == {*RESULTS[:7], "near"}


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_query_has_data_and_every_point_is_a_number(watched, query):
    played, api, _ = watched

    found = api.evaluate(query, played.start, played.end)

    # No TTL is in force for long enough to see the age of stale reads in the short evening, nor
    # does trouble last for as long as an alert waits.
    brief = played.seconds is SHORT and re.search("ttl:loadtest_staleness|ALERTS", query.expr)
    # What never happens has no series: every request of the evening gets a valid answer.
    assert found or brief or 'result="failed"' in query.expr
    assert all(map(is_number, found))


# Configured limits, which do not change
LIMITS = {"cacheaside_threads", "cacheaside_store_pool_size"}
# Whether a miss is refused, evicted or of unknown reason depends on when within a scrape and
# within the life of an entry Redis goes.
MOVING = [
    query
    for query in PANEL_QUERIES
    if not query.of_the_range
    and not metrics_in(query.expr) & LIMITS
    and not re.search('result="failed"|reason="(refused|unknown|evicted)"', query.expr)
]


@pytest.mark.parametrize("query", MOVING, ids=str)
def test_panel_moves_with_the_traffic(watched, query):
    played, api, _ = watched

    found = api.evaluate(query, played.start, played.end)

    brief = played.seconds is SHORT and "ALERTS" in query.expr
    assert moves(found, played.start, played.end) or (brief and not found)


# For tests that the short evening is too short for
in_full = pytest.mark.parametrize(
    "evening", [pytest.param(FULL, id="full", marks=pytest.mark.accept)], indirect=True
)


@pytest.mark.parametrize("query", rule_queries(), ids=lambda query: query.title)
def test_rule_has_data_and_every_point_is_a_number(watched, query):
    played, api, _ = watched

    found = api.evaluate(query, played.start, played.end)

    assert found or query.title in SILENT | (FIRED if played.seconds is SHORT else set())
    assert all(map(is_number, found))


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_metric_has_the_documented_labels(watched, name):
    played, api, _ = watched
    said = {label for label in RECORDED[name][2].split(", ") if label}

    for series in api.curve(name, played.start, played.end):
        assert set(series.labels) - {"__name__", "job", "instance"} == said


@in_full
def test_alerts_fired_for_what_happened_and_for_nothing_else(watched):
    played, api, _ = watched

    found = api.curve('ALERTS{alertstate="firing"}', played.start, played.end)
    fired = {one.labels["alertname"] for one in found}

    assert fired >= FIRED
    # A stampede, saturation, a cold cache and fills into a Redis that was away did happen; what the
    # other alerts report did not.
    happened = {"HitRatioLow", "OriginAmplificationHigh", "LoadBelowTarget", "FillsFailing"}
    assert not fired & SILENT - happened


class Minute:
    """What the client itself measured between the scrapes behind a panel's last point."""

    def __init__(self, watched, phase="steady", scenario="ReadHeavy"):
        played, self.api, folder = watched
        self.now = played.phases[phase][1]
        self.now -= self.now % 5
        self._all = read_samples(folder / scenario)
        began, ended = self._scraped('cacheaside_lookups_total{result="hit"}')
        self.samples = self._between(began, ended)
        self.seconds = ended - began

    def _scraped(self, selector):
        """Return when the first and the last sample of the window were scraped, unix seconds."""
        asked = f"{selector}[{WINDOW:g}s]"
        values = self.api.ask("query", query=asked, time=self.now)["result"][0]["values"]
        return values[0][0], values[-1][0]

    def _between(self, began, ended):
        when = self._all["intended"] + self._all["response"]
        return self._all[(when > began) & (when <= ended)]

    def quantiles(self, word, q):
        """Return the least and greatest quantile of response time that the exporter may have seen.

        The exporter looks at the run once a second, which makes the edges of the window uncertain,
        and with them half a percent of the ranks: at p99 six of twelve samples decide.
        """
        began, ended = self._scraped('loadtest_requests_total{result="hit"}')
        found = []
        for sooner, earlier in ((0, 0), (1.5, 0), (0, 1.5), (1.5, 1.5)):
            samples = self._between(began - sooner, ended - earlier)
            times = samples["response"][samples["result"] == RESULTS.index(word)]
            found += np.quantile(times, [q - 0.005, q + 0.005]).tolist()
        return min(found), max(found)

    def count(self, *words):
        chosen = [RESULTS.index(word) for word in words]
        return int(np.isin(self.samples["result"], chosen).sum())

    def panel(self, board, title, line=0):
        """Return the last point of each series of a panel's query."""
        path = next(path for path in BOARDS if path.stem == board)
        panel = next(panel for panel in panels(load(path)) if panel["title"] == title)
        expr = fill_variables(panel["targets"][line]["expr"])
        return {
            tuple(one.labels.values()): one.values[-1] for one in self.api.instant(expr, self.now)
        }


HITS = ("hit", "near", "stale", "negative")
CACHE_LOOKUPS = (*HITS, "miss", "coalesced")


def test_hit_ratio_matches_the_clients_within_one_point(watched):
    minute = Minute(watched)
    (shown,) = minute.panel("cache-aside", "Hit ratio").values()

    assert shown == pytest.approx(minute.count(*HITS) / minute.count(*CACHE_LOOKUPS), abs=0.01)


def test_prediction_is_near_the_measured_hit_ratio(watched):
    """Theory has its own tests; here the panel must show the figure of this traffic and TTL."""
    minute = Minute(watched)
    (shown,) = minute.panel("cache-aside", "Predicted").values()

    assert shown == pytest.approx(minute.count(*HITS) / minute.count(*CACHE_LOOKUPS), abs=0.06)


def test_lookups_and_loads_per_second_match_the_clients(watched):
    minute = Minute(watched)
    (lookups,) = minute.panel("cache-aside", "Lookups").values()
    (loads,) = minute.panel("cache-aside", "Store loads").values()
    (avoided,) = minute.panel("cache-aside", "Store loads and loads avoided", 1).values()

    assert lookups == pytest.approx(len(minute.samples) / minute.seconds, rel=0.05)
    assert loads == pytest.approx(minute.count("miss") / minute.seconds, rel=0.1)
    assert avoided + loads == pytest.approx(lookups, rel=0.02)


def test_lookups_of_each_result_match_the_clients(watched):
    minute = Minute(watched)

    words = ("hit", "near", "stale", "negative", "coalesced", "miss", "bypass")
    for line, word in enumerate(words):
        (rate,) = minute.panel("cache-aside", "Lookups by result", line).values()
        assert rate * minute.seconds == pytest.approx(minute.count(word), rel=0.05, abs=3), word


@pytest.mark.parametrize("percent", [50, 95, 99])
def test_response_times_lie_in_the_clients_bucket(watched, percent):
    minute = Minute(watched)
    shown = minute.panel("cache-aside", f"Response time p{percent} by result")

    for word in ("hit", "miss"):
        low, high = minute.quantiles(word, percent / 100)
        below = int(np.searchsorted(BUCKETS_SECONDS, low)) - 1
        above = int(np.searchsorted(BUCKETS_SECONDS, high))
        least = BUCKETS_SECONDS[below] if below >= 0 else 0
        assert least <= shown[(word,)] <= BUCKETS_SECONDS[above], (word, low, high)


def test_ttl_rate_and_users_are_shown_as_they_were_set(watched):
    minute = Minute(watched)

    assert list(minute.panel("cache-aside", "TTL in force").values()) == [2]
    assert list(minute.panel("load", "Target rate").values()) == [RATE]
    assert list(minute.panel("load", "Users").values()) == [1]
    (achieved,) = minute.panel("load", "Achieved share").values()
    # 1,200 Poisson arrivals: three standard deviations are 9 %.
    assert achieved == pytest.approx(1, abs=0.1)


@in_full
def test_amplification_is_one_under_single_flight_and_more_in_a_stampede(watched):
    (calm,) = Minute(watched).panel("cache-aside", "Amplification").values()
    stampede = Minute(watched, "stampede", "-".join(SCENARIOS))
    (wild,) = stampede.panel("cache-aside", "Amplification").values()

    assert calm == pytest.approx(1, abs=0.02)
    # Only one key is hot: 18 lookups per second coincide with its loads of 0.1 s.
    assert wild > calm + 0.03


def test_stale_reads_are_shown_while_nothing_is_invalidated_and_only_then(watched):
    played, api, _ = watched
    (query,) = [query for query in PANEL_QUERIES if query.title == "Stale reads"]
    (found,) = api.evaluate(query, played.start, played.end)

    assert found.at(played.phases["no invalidation"][1]) > 0
    assert found.at(played.phases["store again"][0]) == 0


def test_breakers_are_red_during_the_outages_and_green_afterwards(watched):
    played, api, _ = watched
    (query,) = [query for query in PANEL_QUERIES if query.title == "Breakers"]
    found = {one.labels["dependency"]: one for one in api.evaluate(query, played.start, played.end)}

    for server in ("redis", "store"):
        assert found[server].at(played.phases[f"without {server}"][1]) == 1
        assert found[server].at(played.phases["over"][1]) == 0


def test_hit_ratio_without_lookups_is_not_shown_as_zero(watched):
    played, api, _ = watched
    (query,) = [query for query in PANEL_QUERIES if query.title == "Hit ratio"]

    assert api.instant(fill_variables(query.expr), played.phases["over"][1]) == []


@in_full
def test_annotations_mark_changes_of_knobs_and_the_start_and_stop_of_traffic(watched):
    played, api, _ = watched
    marks = {query.title: query for query in QUERIES if query.kind == "annotation"}

    def is_marked(mark, moment, **labels):
        found = api.evaluate(marks[mark], played.start, played.end)
        return any(
            moment <= when <= moment + 20
            for one in found
            if labels.items() <= one.labels.items()
            for when, _ in one.points
        )

    began = {name: times[0] for name, times in played.phases.items()}
    assert is_marked("Knobs", began["longer"], turned="ttl_seconds is now 4. ")
    assert is_marked("Knobs", began["off"], turned="ttl_seconds is now 0. ")
    assert is_marked("Load", began["steady"], what="started")
    assert is_marked("Load", began["over"], what="stopped")
    # Each mark is one moment, and several knobs that were turned at once are one mark.
    for mark in marks.values():
        for one in api.evaluate(mark, played.start, played.end):
            moments = [when for when, _ in one.points]
            assert all(later - sooner > 5 for sooner, later in itertools.pairwise(moments))


@in_full
def test_ttl_dashboard_has_a_point_for_each_ttl_that_was_steady(watched):
    played, api, folder = watched
    (_, query, *_) = [query for query in PANEL_QUERIES if query.title == "Hit ratio against TTL"]
    points = {
        float(one.labels["ttl"]): one.values[0]
        for one in api.evaluate(query, played.start, played.end)
    }

    # The cache was off for less than 15 s, too short for a point that means something.
    assert set(points) >= {1.0, 2.0, 4.0}
    assert 0 not in points
    began, ended = played.phases["steady"]
    samples = read_samples(folder / "ReadHeavy")
    when = samples["intended"] + samples["response"]
    # The point is measured from 1.5 TTLs and 15 s after the traffic began.
    steady = samples[(when > began + 1.5 * 2 + 15) & (when <= ended)]
    found = np.isin(steady["result"], [RESULTS.index(word) for word in HITS]).mean()
    assert points[2.0] == pytest.approx(found, abs=0.03)


def test_theory_curve_rises_with_ttl(watched):
    played, api, _ = watched
    queries = [query for query in PANEL_QUERIES if query.title == "Hit ratio against TTL"]
    curve = sorted(
        (float(one.labels["ttl"]), one.values[0])
        for one in api.evaluate(queries[0], played.start, played.end)
    )

    # From 0.3 times the smallest TTL of the evening to 3 times the largest.
    assert [ttl for ttl, _ in curve][-1] == 10
    assert len(curve) >= 4
    assert [ratio for _, ratio in curve] == sorted(ratio for _, ratio in curve)
    assert all(0 <= ratio <= 1 and math.isfinite(ratio) for _, ratio in curve)


@in_full
def test_no_board_costs_more_than_300_ms_of_queries_on_an_hour_of_data(
    evening, prometheus_program, promtool_path, tmp_path, capsys
):
    """Of processor time, because how long an answer takes depends on what else runs."""
    played, servers, _ = evening
    live = next(api for version, api in servers.items() if version.startswith("2.42"))
    write_hour(live, played.start, played.end, tmp_path / "data.om")
    with served(tmp_path / "data.om", prometheus_program.path, promtool_path) as hour:
        costs = {path.stem: round(board_cost(hour, path.stem, played.end)) for path in BOARDS}
    with capsys.disabled():
        print(f"ms of processor time for an hour of data: {costs}")  # noqa: T201 - the figure

    assert {board: cost for board, cost in costs.items() if cost > 300} == {}

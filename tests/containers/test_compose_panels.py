"""Every query of every dashboard, on the whole stack with exporters and under load."""

import json
import subprocess
import urllib.parse

import pytest

from loadtests.stack.ports import free_port
from tests.containers.containers import (
    TOKEN,
    Containers,
    fetch,
    fetch_json,
    leftovers,
    require_engine,
    usual_or_free_ports,
    wait_for,
)
from tests.dashboards.board_files import ROOT, all_queries, metrics_in, rule_queries
from tests.dashboards.evaluation import PrometheusApi, is_number, moves
from tests.dashboards.evening import FULL, ITEMS, RATE, Evening

pytestmark = [pytest.mark.stack, pytest.mark.accept]

# Metrics of a sweep, which does not run here, and metrics that stay constant here.
ELSEWHERE = ("loadtest_trial_",)
QUIET = {
    # Memory is large enough: nothing is evicted, and nothing is read from disk twice.
    "redis_evicted_keys_total",
    "mysql_global_status_innodb_buffer_pool_reads",
    # A query of a millisecond ends before the exporter can observe it.
    "mysql_global_status_threads_running",
    # Limits are constant.
    "redis_memory_max_bytes",
    "mysql_global_variables_max_connections",
}
QUERIES = [
    query
    for query in all_queries()
    if not any(name.startswith(ELSEWHERE) for name in metrics_in(query.expr))
    # What never happens has no series: every request of the evening gets a valid answer.
    and 'result="failed"' not in query.expr
]
EXPORTED = [
    query
    for query in QUERIES
    if query.kind == "panel"
    and any(name.startswith(("redis_", "mysql_")) for name in metrics_in(query.expr))
    and not metrics_in(query.expr) & QUIET
]
SERVERS = {"redis": "redis-svc", "store": "mysql-svc"}


class ContainerStage:
    """Implements the evening's Stage by the control API, Locust's page and compose."""

    def __init__(self, containers):
        self.containers = containers

    def turn(self, **knobs):
        fetch(
            f"{self.containers.front}/control/settings",
            data=json.dumps(knobs).encode(),
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
            method="PATCH",
        )

    def start_load(self, *scenarios):
        """Start one scenario, the one with the most operations; Locust's page runs no more."""
        scenario = "ReadWrite" if "ReadWrite" in scenarios else scenarios[0]
        missing_ratio = 0.1 if len(scenarios) > 1 else 0
        self._swarm(scenario, rate=RATE, write_ratio=0.2, missing_ratio=missing_ratio)

    def start_replay(self):
        """Start an overload instead, because the page cannot read a trace file of this machine."""
        self._swarm("ReadHeavy", rate=40, max_in_flight=1, max_wait_seconds=0.2)

    def _swarm(self, scenario, **fields):
        form = {"scenario": scenario, "user_count": 2, "spawn_rate": 2, "items": ITEMS, **fields}
        reply = fetch_json(
            f"{self.containers.locust}/swarm", data=urllib.parse.urlencode(form).encode()
        )
        assert reply["success"], reply

    def stop_load(self):
        fetch(f"{self.containers.locust}/stop", method="POST")

    def stop(self, server):
        self.containers.compose("stop", "--timeout", "3", SERVERS[server])

    def start(self, server):
        self.containers.compose("start", SERVERS[server])


@pytest.fixture(scope="module")
def evening(prometheus_program):
    require_engine()
    assert leftovers() == [], "a stack is up already: docker compose down -v"
    containers = Containers(usual_or_free_ports())
    older = None
    try:
        containers.up("--build", "--wait")
        port = free_port()
        # Not `path`: for an unpacked program it is a script with paths of this machine.
        program = prometheus_program.home / "bin" / "prometheus"
        older = start_older_prometheus(program, port)
        servers = {"3.5": PrometheusApi(containers.prometheus)}
        servers["2.42"] = PrometheusApi(f"http://127.0.0.1:{port}")
        wait_for(servers["2.42"].version, 20, "the older Prometheus")
        played = Evening(FULL)
        played.play(ContainerStage(containers))
        yield played, servers
    finally:
        if older:
            subprocess.run(["docker", "kill", older], capture_output=True, check=False)
        containers.down()


def start_older_prometheus(path, port):
    """Run this machine's Prometheus in the stack's network, with the stack's configuration."""
    started = subprocess.run(
        [
            *("docker", "run", "--rm", "--detach", "--network=cacheaside_default", "--user=0"),
            *(f"--publish=127.0.0.1:{port}:9090", "--tmpfs=/data"),
            *(f"--volume={path}:/prometheus:ro", "--entrypoint=timeout"),
            f"--volume={ROOT / 'dashboards' / 'prometheus'}:/etc/prometheus:ro",
            *("python:3.13-slim", "900", "/prometheus"),
            "--config.file=/etc/prometheus/prometheus.yml",
            "--storage.tsdb.path=/data",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return started.stdout.strip()


@pytest.fixture(params=["2.42", "3.5"])
def watched(request, evening):
    played, servers = evening
    api = servers[request.param]
    if not api.version().startswith(request.param):
        pytest.skip(f"this machine's Prometheus is {api.version()}, not {request.param}")
    return played, api


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_query_has_data_and_every_point_is_a_number(watched, query):
    played, api = watched

    found = api.evaluate(query, played.start, played.end)

    assert found
    assert all(map(is_number, found))


@pytest.mark.parametrize("query", EXPORTED, ids=str)
def test_panel_of_an_exporter_moves_with_the_load(watched, query):
    played, api = watched

    assert moves(api.evaluate(query, played.start, played.end), played.start, played.end)


@pytest.mark.parametrize("query", rule_queries(), ids=lambda query: query.title)
def test_every_point_of_a_rule_is_a_number(watched, query):
    played, api = watched

    assert all(map(is_number, api.evaluate(query, played.start, played.end)))


def test_outages_of_both_servers_raise_their_alerts_and_no_others_fire(watched):
    played, api = watched

    # Alerts before the steady phase are ignored: Prometheus started before the service.
    began = played.phases["steady"][0]

    def alerts(state):
        found = api.curve(f'ALERTS{{alertstate="{state}"}}', began, played.end)
        return {one.labels["alertname"] for one in found}

    alerted = alerts("pending") | alerts("firing")
    wrong = alerts("firing") & {"ServiceDown", "StaleReads", "RedisEvictions"}
    assert alerted >= {"RedisDown", "MySQLDown", "BreakerOpen", "ErrorRatioHigh"}
    assert not wrong, (played.phases, api.curve("ALERTS", played.start, played.end))


def test_redis_and_service_count_the_same_keys(watched):
    """The moment is before the restart of Redis, which resets its statistics."""
    played, api = watched
    moment = played.phases["stampede"][1]
    moment -= moment % 5
    by_redis = api.instant("sum(redis_keyspace_hits_total + redis_keyspace_misses_total)", moment)
    by_service = api.instant("sum(cacheaside_cache_key_reads_total)", moment)

    # The two are scraped at different moments within the same five seconds.
    difference = by_redis[0].values[0] - by_service[0].values[0]
    assert abs(difference) <= 10 * RATE, (by_redis, by_service)


def test_hit_ratio_of_keys_agrees_with_redis(watched):
    played, api = watched
    queries = [query for query in QUERIES if query.title == "Hit ratio, three ways"]
    moment = played.phases["steady"][1]
    by_redis, by_service = (
        api.evaluate(query, played.start, played.end)[0].at(moment) for query in queries[:2]
    )

    assert by_redis == pytest.approx(by_service, abs=0.05)

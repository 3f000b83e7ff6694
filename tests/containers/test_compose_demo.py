"""--profile demo: traffic runs by itself, and the dashboards have data."""

import json
import os
import subprocess

import pytest

from tests.containers.containers import (
    Containers,
    ask_prometheus,
    leftovers,
    require_engine,
    usual_or_free_ports,
    wait_for,
)
from tests.dashboards.board_files import ROOT

pytestmark = [pytest.mark.stack, pytest.mark.accept]


@pytest.fixture(scope="module")
def stack():
    require_engine()
    assert leftovers() == [], "a stack is up already: docker compose down -v"
    settings = {**usual_or_free_ports(), "DEMO_RATE": "30", "DEMO_ITEMS": "400"}
    containers = Containers(settings, profiles=["demo"])
    try:
        containers.up("--build", "--wait")
        yield containers
    finally:
        containers.down()


def test_lookups_are_sent_without_user_action_and_hit(stack):
    rate = "sum(rate(cacheaside_lookups_total[20s]))"
    wait_for(
        lambda: [value for _, value in ask_prometheus(stack.prometheus, rate) if value > 20],
        60,
        "30 lookups a second",
    )

    hits = ask_prometheus(
        stack.prometheus,
        'sum(rate(cacheaside_lookups_total{result="hit"}[20s])) / ' + rate,
    )
    assert hits[0][1] > 0.3


def test_catalogue_is_filled(stack):
    row_count = stack.compose(
        "exec",
        "-T",
        "mysql-svc",
        "sh",
        "-c",
        "MYSQL_PWD=$MYSQL_ROOT_PASSWORD mysql -uroot -Ne 'select count(*) from grocerydb.fruit'",
    )

    assert int(row_count) == 400


def test_prometheus_shows_the_target_rate_and_the_prediction(stack):
    target = 'sum(loadtest_target_rate{instance=~".*:9646"})'
    wait_for(
        lambda: [v for _, v in ask_prometheus(stack.prometheus, target) if v == 30],
        30,
        "the target rate",
    )

    assert ask_prometheus(stack.prometheus, "loadtest_predicted_hit_ratio > 0")


@pytest.mark.accept
def test_prometheus_shows_the_traffic_and_the_trials_of_a_sweep_in_the_stack(stack):
    """The metrics of its first trial stay visible while the second runs."""
    sweep = subprocess.Popen(
        [
            *stack.command,
            *("run", "--rm", "--use-aliases", "-T", "sweep", "--ttl", "0.5,1", "--rate", "100"),
            *("--items", "300", "--repetitions", "1", "--json"),
        ],
        cwd=ROOT,
        env={**os.environ, **stack.settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(
            lambda: ask_prometheus(stack.prometheus, "loadtest_target_rate == 100"), 120, "its load"
        )
        shown = wait_for(
            lambda: ask_prometheus(stack.prometheus, "loadtest_trial_hit_ratio"), 120, "a trial"
        )
        output, errors = sweep.communicate(timeout=120)
    finally:
        sweep.terminate()

    assert sweep.returncode == 0, errors
    measured = {one["ttl_seconds"]: one["hit_ratio"] for one in json.loads(output)["trials"]}
    labels, value = shown[0]
    assert labels["job"] == "locust"
    assert value == pytest.approx(measured[float(labels["ttl_seconds"])], abs=0.001)

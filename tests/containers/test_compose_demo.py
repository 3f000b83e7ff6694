"""--profile demo: there is something to see without anybody doing anything."""

import json
import os
import subprocess

import pytest

from tests.containers.containers import (
    Containers,
    ask_prometheus,
    leftovers,
    require_engine,
    usual_ports_or_others,
    wait_for,
)
from tests.dashboards.board_files import ROOT

pytestmark = [pytest.mark.stack, pytest.mark.accept]


@pytest.fixture(scope="module")
def stack():
    require_engine()
    assert leftovers() == [], "a stack is up already: docker compose down -v"
    settings = {**usual_ports_or_others(), "DEMO_RATE": "30", "DEMO_ITEMS": "400"}
    containers = Containers(settings, profiles=["demo"])
    try:
        containers.up("--build", "--wait")
        yield containers
    finally:
        containers.down()


def test_lookups_come_by_themselves_and_most_are_hits(stack):
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


def test_the_catalogue_is_filled(stack):
    counted = stack.compose(
        "exec",
        "-T",
        "mysql-svc",
        "sh",
        "-c",
        "MYSQL_PWD=$MYSQL_ROOT_PASSWORD mysql -uroot -Ne 'select count(*) from grocerydb.fruit'",
    )

    assert int(counted) == 400


def test_prometheus_scrapes_it_and_shows_prediction_and_measurement(stack):
    target = 'sum(loadtest_target_rate{instance=~".*:9646"})'
    wait_for(
        lambda: [v for _, v in ask_prometheus(stack.prometheus, target) if v == 30],
        30,
        "the target rate",
    )

    assert ask_prometheus(stack.prometheus, "loadtest_predicted_hit_ratio > 0")


@pytest.mark.accept
def test_a_sweep_in_the_stack_shows_its_load_and_its_trials_to_prometheus(stack):
    """Its first trial stands there while the second runs."""
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
        said, complaints = sweep.communicate(timeout=120)
    finally:
        sweep.terminate()

    assert sweep.returncode == 0, complaints
    measured = {one["ttl_seconds"]: one["hit_ratio"] for one in json.loads(said)["trials"]}
    labels, value = shown[0]
    assert labels["job"] == "locust"
    assert value == pytest.approx(measured[float(labels["ttl_seconds"])], abs=0.001)

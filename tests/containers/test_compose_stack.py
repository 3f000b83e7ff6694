"""docker-compose.yml on a real engine, from `up` to `down`; each test relies on those before it.

The first half is the original walkthrough, line by line; it needs the cache as `up` leaves it, so
it comes before any traffic.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from loadtests.stack import ports
from tests.containers.containers import (
    TOKEN,
    Containers,
    ask_prometheus,
    fetch,
    fetch_json,
    leftovers,
    lookups_by_result,
    require_engine,
    usual_or_free_ports,
    wait_for,
)
from tests.containers.terminal import Terminal
from tests.dashboards.board_files import ROOT, all_queries, metrics_in
from tests.dashboards.evaluation import PrometheusApi, is_number

pytestmark = pytest.mark.stack

EXPORTED = [
    query
    for query in all_queries()
    if query.kind == "panel"
    and any(name.startswith(("redis_", "mysql_")) for name in metrics_in(query.expr))
]
APPLE = {"id": 1, "name": "apple", "quantity": 100}
PRETTY = """{
  "data": {
    "id": 1,
    "name": "apple",
    "quantity": 100
  },
  "from_cache": %s
}
"""


@pytest.fixture(scope="module")
def stack():
    require_engine()
    assert leftovers() == [], "a stack is up already: docker compose down -v"
    # The original passwords, and the usual ports if they are free.
    containers = Containers({**usual_or_free_ports(), "CONTROL_TOKEN": TOKEN})
    print(f"not here, left out: {', '.join(containers.absent) or 'nothing'}")  # noqa: T201 - a skipped part must be visible
    containers.compose("build", "--quiet")
    try:
        containers.up_seconds = containers.up()
        yield containers
    finally:
        containers.down()


@pytest.fixture(scope="module")
def flask(stack):
    """`flask --debug run` on this machine, on port 5000 if that is free."""
    port = ports.free_port() if ports.is_taken(5000) else 5000
    where = {
        "REDIS_URL": f"redis://127.0.0.1:{stack.settings['REDIS_PORT']}/0",
        "DATABASE_URL": "mysql+pymysql://root:root@127.0.0.1:"
        f"{stack.settings['MYSQL_PORT']}/grocerydb",
    }
    usual = stack.settings["MYSQL_PORT"] == "3306" and stack.settings["REDIS_PORT"] == "6379"
    command = [sys.executable, "-m", "flask", "--debug", "run"]
    process = subprocess.Popen(
        command if port == 5000 else [*command, "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, **({} if usual else where)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: fetch(f"{url}/livez"), 20, "flask")
        yield url
    finally:
        # The reloader runs the server as its child.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(15)


@pytest.mark.usefixtures("stack")
def test_db_sql_runs_right_after_up():
    """`up` returns only when the services that depend on MySQL have started."""
    with (ROOT / "db.sql").open("rb") as script:
        done = subprocess.run(
            ["docker", "exec", "-i", "mysql-svc", "mysql", "-u", "root", "-proot"],
            stdin=script,
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("stack")
def test_database_is_as_in_the_walkthrough():
    with Terminal("docker", "exec", "-it", "mysql-svc", "sh") as screen:
        screen.read_until("$")
        screen.type_line("mysql -u root -proot;", "mysql>")
        screen.type_line("use grocerydb;", "mysql>")
        tables = screen.type_line("show tables;", "mysql>")
        rows = screen.type_line("select * from fruit;", "mysql>")

    assert (
        "+---------------------+\n"
        "| Tables_in_grocerydb |\n"
        "+---------------------+\n"
        "| fruit               |\n"
        "+---------------------+\n"
        "1 row in set"
    ) in tables
    assert (
        "+----+--------+----------+\n"
        "| id | name   | quantity |\n"
        "+----+--------+----------+\n"
        "|  1 | apple  |      100 |\n"
        "|  2 | orange |      200 |\n"
        "|  3 | pear   |      300 |\n"
        "+----+--------+----------+\n"
        "3 rows in set"
    ) in rows


@pytest.mark.usefixtures("stack")
def test_cache_is_empty_before_the_first_call():
    done = subprocess.run(
        ["docker", "exec", "redis-svc", "redis-cli", "DBSIZE"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "0"


def test_first_call_is_a_miss_and_the_second_a_hit(flask):
    answers = [fetch(f"{flask}/fruit/1") for _ in range(2)]

    assert answers == [PRETTY % "false", PRETTY % "true"]


@pytest.mark.usefixtures("flask")
def test_cache_is_as_in_the_walkthrough():
    with Terminal("docker", "exec", "-it", "redis-svc", "sh") as screen:
        screen.read_until("$")
        keys = screen.type_line("redis-cli KEYS *", "$")
        value = screen.type_line("redis-cli GET fruit:1", "$")

    assert keys.splitlines()[0] == '1) "fruit:1"'
    assert len(keys.splitlines()) == 2
    assert value.splitlines()[0] == r'"{\"id\": 1, \"name\": \"apple\", \"quantity\": 100}"', value


def test_everything_is_healthy_within_90_seconds(stack):
    """The time excludes building the images, which the first `up` does once."""
    # Containers without a health check only have to run.
    began = time.monotonic()
    wait_for(
        lambda: all(
            state in {("running", "healthy"), ("running", "")} for state in stack.states().values()
        ),
        90,
        "health",
    )
    seconds = stack.up_seconds + time.monotonic() - began
    print(f"up and healthy in at most {seconds:.0f} s")  # noqa: T201 - a figure for the reader of the log

    assert set(stack.services) == {
        name.removeprefix("cacheaside-").removesuffix("-1") for name in stack.states()
    }
    assert seconds <= 90


def test_all_targets_are_up(stack):
    def targets():
        found = fetch_json(f"{stack.prometheus}/api/v1/targets?state=active")["data"]
        return [
            (one["labels"]["job"], one["labels"]["instance"].rsplit(":", 1)[0], one["health"])
            for one in found["activeTargets"]
        ]

    wanted = {"service", "locust", "redis", "mysql", "prometheus"}
    wait_for(
        lambda: {job for job, _, health in targets() if health == "up"} == wanted, 30, "targets"
    )

    assert {health for *_, health in targets()} == {"up"}
    assert ask_prometheus(stack.prometheus, "redis_up + on () mysql_up")[0][1] == 2


def test_front_returns_the_fruit(stack):
    answer = json.loads(fetch(f"{stack.front}/fruit/1"))

    assert answer["data"] == APPLE


def test_control_requires_the_token(stack):
    settings = fetch_json(
        f"{stack.front}/control/settings", headers={"Authorization": f"Bearer {TOKEN}"}
    )

    assert settings["settings"]["ttl_seconds"] == 60
    with pytest.raises(OSError, match="401"):
        fetch(f"{stack.front}/control/settings")


def test_locust_and_service_count_the_same_lookups_of_a_run_from_the_page(stack):
    before = sum(lookups_by_result(stack.url("service", 8000)).values())
    reply = fetch_json(
        f"{stack.locust}/swarm",
        data=b"user_count=2&spawn_rate=2&rate=50&items=1000&skew=0.99&scenario=ReadHeavy",
    )
    assert reply["success"], reply
    wait_for(
        lambda: sum(lookups_by_result(stack.url("service", 8000)).values()) >= before + 500,
        60,
        "load",
    )
    fetch(f"{stack.locust}/stop", method="POST")

    def final_counts():
        rows = fetch_json(f"{stack.locust}/stats/requests")
        total = next(row for row in rows["stats"] if row["name"] == "Aggregated")
        served = sum(lookups_by_result(stack.url("service", 8000)).values()) - before
        return rows["state"] == "stopped" and (total["num_requests"], total["num_failures"], served)

    requests, failures, served = wait_for(final_counts, 30, "the end of the load")
    assert failures == 0
    assert requests == served
    assert lookups_by_result(stack.url("service", 8000))["hit"] > 0


def test_load_generator_and_service_agree_in_prometheus(stack):
    by_client = "sum by (result) (loadtest_requests_total) > 0"
    wait_for(lambda: ask_prometheus(stack.prometheus, by_client), 30, "the load's metrics")
    time.sleep(6)

    for sample, value in ask_prometheus(stack.prometheus, by_client):
        by_service = ask_prometheus(
            stack.prometheus, f'sum(cacheaside_lookups_total{{result="{sample["result"]}"}})'
        )[0][1]
        # Calls of the front's test and of the walkthrough did not come from Locust.
        assert 0 <= by_service - value <= 2


@pytest.mark.parametrize("query", EXPORTED, ids=str)
def test_panel_of_an_exporter_has_data(stack, query):
    """The other panels are tested on the local stack, and all of them by make accept."""
    found = PrometheusApi(stack.prometheus).evaluate(query, time.time() - 60, time.time())

    assert found
    assert all(map(is_number, found))


def test_drill_freezes_the_container_of_redis_and_all_is_well_again(stack, tmp_path):
    """It finds the containers running, and leaves them so."""
    words = "redis-freeze --compose --seconds 1 --rate 100 --ttl 1 --items 100 --json"
    done = subprocess.run(
        [sys.executable, "-m", "loadtests", "drill", *words.split(), "--output", tmp_path / "run"],
        cwd=ROOT,
        env={**os.environ, **stack.settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    (drill,) = json.loads(done.stdout)["drills"]
    phases = {phase["phase"]: phase for phase in drill["phases"]}
    assert drill["aborted"] is None
    assert phases["before"]["bypassed"] == 0
    assert phases["during"]["bypassed"] > 0.5 * phases["during"]["lookups"] > 25
    assert sum(phase["failed"] for phase in phases.values()) == 0
    assert drill["well_seconds"] <= 5
    assert fetch(f"{stack.front}/fruit/1")


@pytest.mark.usefixtures("stack")
def test_memory_stays_below_80_percent_of_its_limits():
    done = subprocess.run(
        ["docker", "stats", "--no-stream", "--format", "{{.Name}} {{.MemPerc}}"],
        capture_output=True,
        text=True,
        check=True,
    )
    shares = dict(re.findall(r"^(\S+) ([\d.]+)%$", done.stdout, re.MULTILINE))

    assert {name: share for name, share in shares.items() if float(share) > 80} == {}


def test_no_container_runs_as_root(stack):
    for service in stack.services:
        name = stack.compose("ps", "-q", service).split()[0]
        done = subprocess.run(
            ["docker", "top", name, "-o", "pid,uid"], capture_output=True, text=True, check=True
        )
        uids = {line.split()[1] for line in done.stdout.splitlines()[1:]}
        assert "0" not in uids, service


@pytest.mark.parametrize("service", ["service", "locust"])
def test_our_images_hold_neither_an_installer_nor_a_compiler(stack, service):
    names = ("cc", "gcc", "make", "ld", "pip", "pip3")
    look = "import importlib.util, shutil; "
    look += f"print([importlib.util.find_spec('pip'), *map(shutil.which, {names})])"

    found = stack.compose("exec", "-T", service, "python", "-c", look)

    assert set(found.strip(" []\n").split(", ")) == {"None"}


def test_number_of_processes_and_threads_is_limited_by_the_engine(stack):
    for service in stack.services:
        name = stack.compose("ps", "-q", service).split()[0]
        asked = ["docker", "inspect", "-f", "{{.HostConfig.PidsLimit}}", name]
        limit = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
        assert limit == ("2304" if service == "service" else "256"), service


def test_down_removes_everything(stack):
    assert leftovers()

    stack.down()

    assert leftovers() == []

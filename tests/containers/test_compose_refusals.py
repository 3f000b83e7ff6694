"""Invalid settings are refused with a sentence that names the setting and the remedy."""

import socket

import pytest

from loadtests.stack import ports
from tests.containers.containers import Containers, require_engine, usual_or_free_ports

pytestmark = pytest.mark.stack


@pytest.fixture
def start_refused():
    """Starts one service with invalid settings, and returns all its output."""
    require_engine()
    stacks = []

    def call(service, **settings):
        containers = Containers({**usual_or_free_ports(), **settings})
        stacks.append(containers)
        done = containers.call("up", "--detach", "--wait", "--no-deps", service)
        assert done.returncode != 0
        return done.stderr + containers.compose("logs", service)

    yield call
    for containers in stacks:
        containers.down()


@pytest.mark.parametrize(
    ("service", "name"),
    [
        ("mysql-svc", "MYSQL_ROOT_PASSWORD"),
        ("mysql-svc", "SERVICE_DB_PASSWORD"),
        ("mysql-svc", "EXPORTER_DB_PASSWORD"),
        ("service", "CONTROL_TOKEN"),
        ("locust", "CONTROL_TOKEN"),
    ],
)
def test_secret_that_is_set_but_empty_is_refused_by_name(start_refused, service, name):
    output = start_refused(service, **{name: ""})

    assert f"{name} is set but empty: write a value in .env" in output


@pytest.mark.parametrize(
    ("settings", "needs", "way_out"),
    [
        ({"MYSQL_MEMORY": "200m"}, "200 MiB and it needs 320, 64 of them", "512m"),
        ({"MYSQL_BUFFER_POOL": "1G"}, "512 MiB and it needs 1280, 1024 of them", "1472m"),
    ],
    ids=["a small limit", "a large pool"],
)
def test_too_little_memory_for_mysql_is_reported_before_mysql_runs_out_of_it(
    start_refused, settings, needs, way_out
):
    output = start_refused("mysql-svc", **settings)

    assert f"MYSQL_MEMORY gives MySQL {needs} for MYSQL_BUFFER_POOL" in output
    assert f"write MYSQL_MEMORY={way_out} in .env" in output


def test_port_in_use_is_named(start_refused):
    with socket.socket() as listener:
        port = ports.free_port()
        listener.bind(("127.0.0.1", port))
        listener.listen()

        output = start_refused("redis-svc", REDIS_PORT=str(port))

    assert f"127.0.0.1:{port}" in output

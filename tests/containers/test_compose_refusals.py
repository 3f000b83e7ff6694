"""What is set wrongly is refused in a sentence that names it and the way out."""

import socket

import pytest

from loadtests.stack import ports
from tests.containers.containers import Containers, require_engine, usual_ports_or_others

pytestmark = pytest.mark.stack


@pytest.fixture
def refused():
    """Brings up one service with wrong settings; returns all that is said."""
    require_engine()
    stacks = []

    def call(service, **settings):
        containers = Containers({**usual_ports_or_others(), **settings})
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
def test_secret_that_is_set_but_empty_is_refused_by_name(refused, service, name):
    said = refused(service, **{name: ""})

    assert f"{name} is set but empty: write a value in .env" in said


@pytest.mark.parametrize(
    ("settings", "needs", "way_out"),
    [
        ({"MYSQL_MEMORY": "200m"}, "200 MiB and it needs 320, 64 of them", "512m"),
        ({"MYSQL_BUFFER_POOL": "1G"}, "512 MiB and it needs 1280, 1024 of them", "1472m"),
    ],
    ids=["a small limit", "a large pool"],
)
def test_too_little_memory_for_mysql_is_said_before_it_dies_of_it(
    refused, settings, needs, way_out
):
    said = refused("mysql-svc", **settings)

    assert f"MYSQL_MEMORY gives MySQL {needs} for MYSQL_BUFFER_POOL" in said
    assert f"write MYSQL_MEMORY={way_out} in .env" in said


def test_taken_port_is_named(refused):
    with socket.socket() as listener:
        port = ports.free_port()
        listener.bind(("127.0.0.1", port))
        listener.listen()

        said = refused("redis-svc", REDIS_PORT=str(port))

    assert f"127.0.0.1:{port}" in said

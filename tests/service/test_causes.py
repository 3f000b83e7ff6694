"""The cause of a failure is said: in the log once, in /readyz with the way out, in a metric."""

import logging
import subprocess
import time
from dataclasses import replace

import pytest
import redis

from loadtests.stack import servers
from loadtests.stack.ports import free_port
from service.settings import Settings
from tests.conftest import find_or_skip

pytestmark = pytest.mark.integration


@pytest.fixture
def limited(redis_server):
    """A user of the shared server who may use no key of ours."""
    with redis.Redis.from_url(redis_server.url) as admin:
        admin.acl_setuser(
            "keyless", enabled=True, passwords=["+pw"], keys=["x"], commands=["+@all"]
        )
        yield
        admin.acl_deluser("keyless")


@pytest.fixture
def tls_port(tmp_path):
    """The port of a Redis that speaks TLS with a certificate that nobody vouches for."""
    program = find_or_skip(servers.REDIS)
    key, certificate, port = tmp_path / "key.pem", tmp_path / "cert.pem", free_port()
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=nobody"),
            *("-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    redis_process = subprocess.Popen(
        [
            *(program.path, "--port", "0", "--tls-port", str(port), "--tls-auth-clients", "no"),
            *("--tls-cert-file", certificate, "--tls-key-file", key, "--save", ""),
        ],
        stdout=subprocess.DEVNULL,
    )
    yield port
    redis_process.kill()
    redis_process.wait()


def failures(client, dependency):
    lines = client.get("/metrics").text.splitlines()
    found = [line for line in lines if line.startswith("cacheaside_failures_total{")]
    return {
        line.split('cause="')[1].split('"')[0]
        for line in found
        if f'dependency="{dependency}"' in line and not line.endswith(" 0.0")
    }


REDIS = {
    "wrong password": ("redis://keyless:no@127.0.0.1:{port}/0", "login", "username-password"),
    "no such database": ("redis://127.0.0.1:{port}/17", "database", "DB index is out of range"),
    "no rights": ("redis://keyless:pw@127.0.0.1:{port}/0", "rights", "no permissions"),
    "nothing there": ("redis://127.0.0.1:1/0", "unreachable", "Connection refused"),
    "no such host": ("redis://nowhere.invalid/0", "unreachable", "connecting to nowhere.invalid"),
    "no cluster": ("redis+cluster://127.0.0.1:{port}", "elsewhere", "Cluster mode is not enabled"),
}


@pytest.mark.parametrize("name", REDIS)
@pytest.mark.usefixtures("limited")
def test_cause_of_a_refusing_redis_is_said(build, redis_server, tmp_path, caplog, name):
    url, cause, words = REDIS[name]
    url = url.format(port=redis_server.port)
    settings = Settings(redis_url=url, database_url=f"sqlite:///{tmp_path}/fruit.db")
    with caplog.at_level(logging.WARNING):
        client = build(settings).test_client()
        looked_up = [client.get("/fruit/1").headers["X-Cache"] for _ in range(20)]
        log = [one.getMessage() for one in caplog.records if "redis failed" in one.getMessage()]
    said = client.get("/readyz").json["checks"]["redis"]

    assert looked_up == ["BYPASS"] * 20
    assert words in said
    assert "REDIS_URL" in said or cause == "rights"
    assert sum(words in line for line in log) == 1
    assert cause in failures(client, "redis")


def test_untrusted_certificate_is_said(build, tls_port, tmp_path):
    settings = Settings(
        redis_url=f"rediss://127.0.0.1:{tls_port}/0", database_url=f"sqlite:///{tmp_path}/fruit.db"
    )
    client, said = build(settings).test_client(), ""
    ends = time.monotonic() + 10
    while "certificate" not in said.lower():  # a busy machine may take too long for the handshake
        assert time.monotonic() < ends, said
        said = client.get("/readyz").json["checks"]["redis"]

    assert "ssl_ca_certs" in said
    assert "tls" in failures(client, "redis")


def test_plain_connection_to_a_port_with_tls_is_told_what_to_try(build, tls_port, tmp_path):
    settings = Settings(
        redis_url=f"redis://127.0.0.1:{tls_port}/0", database_url=f"sqlite:///{tmp_path}/fruit.db"
    )
    said = build(settings).test_client().get("/readyz").json["checks"]["redis"]

    assert "a port with TLS wants rediss://" in said


DATABASE = {
    "wrong password": (
        "mysql+pymysql://root:no@127.0.0.1:{port}/grocerydb",
        "login",
        "Access denied",
    ),
    "no such database": (
        "mysql+pymysql://root@127.0.0.1:{port}/no",
        "database",
        "Unknown database",
    ),
    "no table": ("mysql+pymysql://root@127.0.0.1:{port}/information_schema", "table", "fruit"),
    "nothing there": ("mysql+pymysql://root@127.0.0.1:1/x", "unreachable", "refused"),
}


@pytest.mark.parametrize("name", DATABASE)
def test_cause_of_a_refusing_database_is_said(build, mariadb_server, caplog, name):
    url, cause, words = DATABASE[name]
    settings = Settings(
        redis_url="redis://127.0.0.1:1/0", database_url=url.format(port=mariadb_server.port)
    )
    with caplog.at_level(logging.WARNING):
        client = build(settings).test_client()
        looked_up = [client.get("/fruit/1") for _ in range(5)]
        log = [one.getMessage() for one in caplog.records if "store failed" in one.getMessage()]
    strangers = build(replace(settings, control_token="t")).test_client().get("/readyz")

    assert words in client.get("/readyz").json["checks"]["store"]
    assert sum(words in line for line in log) == 1
    assert cause in failures(client, "store")
    assert {answer.status_code for answer in looked_up} == {503}
    assert not any("root" in answer.text for answer in [*looked_up, strangers])

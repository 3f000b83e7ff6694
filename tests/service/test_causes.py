"""The cause of a failure is said: in the log once, in /readyz with the way out, in a metric."""

import logging
import time
from dataclasses import replace

import pymysql
import pytest
import redis

from service.settings import Settings
from tests.tls_redis import running_tls_redis

pytestmark = pytest.mark.integration


@pytest.fixture
def limited(redis_server):
    """Users of the shared server: one who may use no key of ours, one who may run no script."""
    with redis.Redis.from_url(redis_server.url) as admin:
        admin.acl_setuser(
            "keyless", enabled=True, passwords=["+pw"], keys=["x"], commands=["+@all"]
        )
        rules = "on >pw ~* +@all -eval -evalsha"
        admin.execute_command(f"ACL SETUSER scriptless {rules}")
        yield
        admin.acl_deluser("keyless", "scriptless")


@pytest.fixture
def tls_port(tmp_path):
    with running_tls_redis(tmp_path) as port:
        yield port


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
    "no scripts": ("redis://scriptless:pw@127.0.0.1:{port}/0", "rights", "evalsha"),
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

    assert looked_up == ["MISS" if name == "no scripts" else "BYPASS"] * 20
    assert words in said
    assert "REDIS_URL" in said or cause == "rights"
    assert sum(words in line for line in log) == 1
    assert cause in failures(client, "redis")


def test_untrusted_certificate_is_said(build, tls_port, tmp_path, caplog):
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
    assert sum("redis failed: " in one and "CERTIFICATE" in one for one in caplog.messages) == 1


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
    "no rights": (
        "mysql+pymysql://blind:pw@127.0.0.1:{port}/grocerydb",
        "rights",
        "SELECT command",
    ),
    "nothing there": ("mysql+pymysql://root@127.0.0.1:1/x", "unreachable", "refused"),
}


@pytest.fixture
def blind(mariadb_server):
    """A user of the shared database who may write fruit and read none."""
    with (
        pymysql.connect(host="127.0.0.1", port=mariadb_server.port, user="root") as admin,
        admin.cursor() as cursor,
    ):
        cursor.execute("CREATE OR REPLACE USER blind@127.0.0.1 IDENTIFIED BY 'pw'")
        cursor.execute("GRANT INSERT ON grocerydb.fruit TO blind@127.0.0.1")
        yield
        cursor.execute("DROP USER blind@127.0.0.1")


@pytest.mark.parametrize("name", DATABASE)
@pytest.mark.usefixtures("blind")
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

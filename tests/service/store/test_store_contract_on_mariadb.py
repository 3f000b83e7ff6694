"""The contract of the store on MariaDB, and on MySQL where this machine has it."""

import shutil
from pathlib import Path

import pytest

from loadtests.stack.guardian import ROOT
from loadtests.stack.mariadb_server import MariadbServer
from loadtests.stack.servers import ServerProgram
from service.store.fruit_store import FruitStore
from tests.service.fakes import RecordingObserver
from tests.service.store.store_contract import StoreContract

pytestmark = [pytest.mark.integration, pytest.mark.contract]

NOBODY = "mysql+pymysql://root@127.0.0.1:1/grocerydb"


@pytest.fixture
def away():
    store = FruitStore(NOBODY, 2, RecordingObserver())
    yield store
    store.close()


def store_of(server):
    """Yield a store on an empty table, but for the seed's rows."""
    server.load(ROOT / "db.sql")
    store = FruitStore(server.url, 4, RecordingObserver())
    with store._writes.connect() as connection:
        connection.exec_driver_sql("DELETE FROM fruit WHERE id > 3")
        connection.commit()
    yield store
    store.close()


class TestMariadb(StoreContract):
    @pytest.fixture
    def store(self, mariadb_server):
        yield from store_of(mariadb_server)


def test_reading_and_writing_a_row_send_one_statement_each(mariadb_server):
    store = next(stores := store_of(mariadb_server))
    counted = (
        "SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_rollback', 'Com_commit', 'Com_begin')"
    )

    def ended():
        with store._reads.connect() as connection:
            return dict(connection.exec_driver_sql(counted).all())

    before = ended()
    for _ in range(5):
        assert store.find(1, 0.0) is not None
        store.delete(99)

    assert ended() == before
    stores.close()


@pytest.fixture(scope="module")
def mysql_server(guardian):
    """A MySQL: no test fails for lack of it, because Debian has none."""
    path = shutil.which("mysqld", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/mysql/bin")
    program = path and ServerProgram(Path(path).resolve(), Path(path).resolve().parents[1], "")
    if not program or "MariaDB" in program.introduction():
        pytest.skip("no mysqld of MySQL on this machine")
    server = MariadbServer(guardian, program, "mysql")
    server.create()
    server.start()
    server.wait_ready()
    yield server
    server.kill()


class TestMysql(StoreContract):
    @pytest.fixture
    def store(self, mysql_server):
        yield from store_of(mysql_server)

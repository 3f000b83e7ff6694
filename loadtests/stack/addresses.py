"""Stacks at given addresses: servers that were started by someone else."""

import os
from collections.abc import Mapping, Sequence
from typing import Self

from loadtests.service_under_test.readiness_page import readiness_problem
from loadtests.service_under_test.urls import without_password
from loadtests.stack.guardian import Guardian, StackError
from loadtests.stack.service_server import start_services


class GivenService:
    """Services that are running already; nothing is started and nothing is stopped.

    Args:
        service_urls: Their addresses, such as http://127.0.0.1:8000.
        redis_url: Their Redis; None if it cannot be reached.
        control_token: Token of their control API; None takes $CONTROL_TOKEN.
    """

    store_name = "the service's own"
    entering = "asking the service whether it is ready; nothing is started"

    def __init__(
        self,
        service_urls: Sequence[str],
        *,
        redis_url: str | None = None,
        control_token: str | None = None,
    ) -> None:
        self.service_urls = [url.rstrip("/") for url in service_urls]
        self.redis_url = redis_url
        self.control_token = control_token or os.environ.get("CONTROL_TOKEN")
        self.lines = [f"service: given, {', '.join(self.service_urls)}"]

    def __enter__(self) -> Self:
        """Check that each service is ready; raise StackError if one is not."""
        for url in self.service_urls:
            if problem := readiness_problem(url, self.control_token):
                raise StackError(
                    f"{url} is not ready: {problem}; mend or start it, or name another URL"
                )
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the services running."""


class GivenServers:
    """Private service processes in front of a given Redis and a given database.

    Only the service's own keys and table are changed there.

    Args:
        redis_url: redis://, rediss:// or redis+cluster://.
        database_url: mysql+pymysql://, for a database that `db.sql` created.
        service_processes: Number of service processes, each on a port of its own.
        environment: Settings for them, by the names of their variables.
    """

    entering = "starting the service on the Redis and the database that are given"

    def __init__(
        self,
        redis_url: str,
        database_url: str,
        service_processes: int = 1,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._service_processes = service_processes
        self._settings = {
            **(environment or {}),
            "REDIS_URL": redis_url,
            "DATABASE_URL": database_url,
        }
        self.redis_url: str | None = redis_url
        self.control_token = {**os.environ, **self._settings}.get("CONTROL_TOKEN")
        self.store_name = without_password(database_url)
        self.service_urls: list[str] = []
        self.lines = [
            f"redis: given, {without_password(redis_url)}",
            f"database: given, {self.store_name}",
        ]

    def __enter__(self) -> Self:
        """Start the services and wait until they are ready; raise StackError if they are not."""
        self.guardian = Guardian()
        try:
            self.services = start_services(self.guardian, self._service_processes, self._settings)
        except BaseException:
            self.guardian.close()
            raise
        self.service_urls = [server.url for server in self.services]
        self.lines.append(f"service: python -m service on {', '.join(self.service_urls)}")
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the services and leave the given servers running."""
        self.guardian.close()

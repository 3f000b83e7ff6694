"""Private processes of the service under test, started with `python -m service`."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from loadtests.service_under_test.readiness_page import readiness_problem
from loadtests.service_under_test.urls import page_answers
from loadtests.stack.guardian import Guardian, StackError
from loadtests.stack.ports import free_port
from loadtests.stack.private_server import PrivateServer


class ServiceServer(PrivateServer):
    """One process of the service, on a port of its own; `url` is its address."""

    def __init__(
        self, guardian: Guardian, name: str, port: int, settings: Mapping[str, str]
    ) -> None:
        super().__init__(guardian, name, port)
        self._settings = settings
        self.url = f"http://127.0.0.1:{port}"

    def wait_ready(self) -> None:
        """Wait until it is ready; raise StackError with what it says of itself if it is not."""
        try:
            super().wait_ready()
        except StackError:
            if not page_answers(f"{self.url}/livez"):
                raise
            token = {**os.environ, **self._settings}.get("CONTROL_TOKEN")
            if problem := readiness_problem(self.url, token):
                waited = f"{self.ready_within_seconds:g} s"
                raise StackError(f"{self.name} is not ready after {waited}: {problem}") from None

    def command(self) -> list[str | Path]:
        """Return its command line."""
        return [sys.executable, "-m", "service"]

    def environment(self) -> dict[str, str]:
        """Return its settings."""
        return {**self._settings, "HOST": "127.0.0.1", "PORT": str(self.port)}

    def answers(self) -> bool:
        """Return whether it reports that it is ready."""
        return page_answers(f"{self.url}/readyz")


def start_services(
    guardian: Guardian, count: int, settings: Mapping[str, str], first_port: int | None = None
) -> list[ServiceServer]:
    """Start service processes in parallel and wait until all are ready.

    Args:
        guardian: Stops them when this process ends.
        count: Number of processes.
        settings: Their environment, such as REDIS_URL and DATABASE_URL.
        first_port: Port of the first; None picks a free one, as for the others.

    Raises:
        StackError: A process does not become ready; the message has its own words, or the last
            lines of its log.
    """
    servers = []
    for number in range(1, count + 1):
        port = (first_port if number == 1 else None) or free_port()
        server = ServiceServer(guardian, f"service-{number}", port, settings)
        server.start()
        servers.append(server)
    for server in servers:
        server.wait_ready()
    return servers

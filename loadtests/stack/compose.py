"""The stack of docker-compose.yml, through Docker Compose."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from typing import Any, Self

from loadtests.stack.guardian import IN_CHECKOUT, ROOT, StackError
from loadtests.stack.ports import PROMETHEUS_PORT, SERVICE_PORT

_UP_SECONDS = 900


class ComposeStack:
    """The containers of docker-compose.yml; a context manager.

    It starts them unless they are running already, and stops only what it started.

    Args:
        services: Services to start, with those that they need; empty means all.
        profiles: Compose profiles, such as "scale".
        replicas: Number of containers of `service`.
    """

    entering = "starting the containers, unless they are running"

    def __init__(
        self, services: Sequence[str] = (), profiles: Sequence[str] = (), replicas: int = 1
    ) -> None:
        self._services = list(services)
        self._replicas = replicas
        self._options = [word for profile in profiles for word in ("--profile", profile)]
        self._was_up = False
        self.service_urls: list[str] = []
        self.redis_url: str | None = None
        self.prometheus_url: str | None = None
        self.control_token: str | None = None
        self.store_name = "MySQL"
        self.lines: list[str] = []

    def __enter__(self) -> Self:
        """Start the containers and wait until they are healthy; raise StackError if not."""
        if not IN_CHECKOUT:
            raise StackError(
                "compose: docker-compose.yml is not installed with the package: run this in a clone"
                " of the repository, or leave --compose out"
            )
        self._was_up = bool(self._compose("ps", "-q"))
        try:
            if not self._was_up:
                scale = ["--scale", f"service={self._replicas}"]
                self._compose("up", "--build", "--detach", "--wait", *scale, *self._services)
            self._look_around()
        except BaseException:
            self._down()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop and remove the containers that were started here; volumes stay."""
        self._down()

    def tell(self, word: str, container: str) -> None:
        """Have Docker kill, start, pause or unpause the container of a service.

        Raises:
            StackError: Docker refuses.
        """
        self._compose(word, container)

    def _look_around(self) -> None:
        """Fill in the attributes of the Stack protocol from the published ports."""
        wanted: dict[str, Any] = json.loads(self._compose("config", "--format", "json"))["services"]
        count = len(self._compose("ps", "-q", "service").split())
        if not count:
            raise StackError(
                "compose: containers are up, but none of service:"
                " start it (docker compose up -d service) or take them down"
            )
        self.service_urls = [
            f"http://{self._published('service', SERVICE_PORT, number)}"
            for number in range(1, count + 1)
        ]
        self.redis_url = f"redis://{self._published('redis-svc', 6379)}/0"
        if self._compose("ps", "-q", "prometheus"):
            self.prometheus_url = f"http://{self._published('prometheus', PROMETHEUS_PORT)}"
        self.control_token = wanted["service"]["environment"].get("CONTROL_TOKEN")
        self.store_name = wanted["mysql-svc"]["image"]
        how = "found running" if self._was_up else "started"
        self.lines = [f"compose: {how}, service on {', '.join(self.service_urls)}"]

    def _published(self, service: str, port: int, number: int = 1) -> str:
        return self._compose("port", "--index", str(number), service, str(port)).strip()

    def _down(self) -> None:
        if not self._was_up:
            self._compose("down", "--timeout", "2")

    def _compose(self, *words: str) -> str:
        command = [*compose_command(), *self._options, *words]
        try:
            done = subprocess.run(  # noqa: S603 - Docker's own program, no shell
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=True,
                timeout=_UP_SECONDS,
            )
        except subprocess.CalledProcessError as error:
            tail = "\n".join(error.stderr.splitlines()[-15:])
            raise StackError(f"{' '.join(command)} failed; it says:\n{tail}") from error
        except subprocess.TimeoutExpired as error:
            raise StackError(f"{' '.join(command)} took over {_UP_SECONDS} s") from error
        return done.stdout


def compose_command() -> list[str]:
    """Return the command for Compose v2: `docker compose` or `docker-compose`.

    Raises:
        StackError: Neither is installed.
    """
    for words in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(words[0]) and _is_version_2(words):
            return words
    raise StackError(
        "neither `docker compose` nor `docker-compose` (v2) is installed: install Docker Compose,"
        " or use the local stack"
    )


def _is_version_2(words: list[str]) -> bool:
    shown = subprocess.run(  # noqa: S603 - Docker's own program, no shell
        [*words, "version", "--short"],
        env=os.environ | {"LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    return shown.returncode == 0 and not shown.stdout.lstrip("v").startswith("1.")

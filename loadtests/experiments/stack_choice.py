"""Flags that say on which stack to measure: private processes, containers, or addresses given."""

import argparse
from collections.abc import Mapping

from loadtests.experiments.plan_fields import PlanError
from loadtests.experiments.stack.addresses import GivenServers, GivenService
from loadtests.experiments.stack.compose import ComposeStack
from loadtests.experiments.stack.contract import Stack
from loadtests.experiments.stack.local import LocalStack

MOST_PROCESSES = 16
PATIENT = {"REDIS_TIMEOUT_SECONDS": "0.1"}
"""A pause of this machine's scheduler shall not be measured as an outage of Redis."""


def add_stack_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    stack = parser.add_argument_group("stack (private processes of this machine unless given)")
    stack.add_argument(
        "--service-url", action="append", metavar="URL", help="a service that runs; repeatable"
    )
    stack.add_argument("--redis-url", metavar="URL", help="its Redis, or one to start services on")
    stack.add_argument("--database-url", metavar="URL", help="a database to start services on")
    stack.add_argument(
        "--database",
        choices=("auto", "sqlite", "mariadb"),
        default="auto",
        help="what the local stack stores in; auto takes MariaDB or MySQL where there is one",
    )
    stack.add_argument(
        "--compose",
        action="store_true",
        help="the containers of docker-compose.yml; taken down again unless they were up",
    )
    stack.add_argument(
        "--service-processes", metavar="N", default="1", help="of the local stack, or containers"
    )


def chosen_stack(
    options: argparse.Namespace, environment: Mapping[str, str] | None = None
) -> Stack:
    """Make the stack that the flags ask for; nothing is started yet.

    Raises:
        PlanError: The flags do not go together.
    """
    processes = _processes(options.service_processes)
    settings = {**PATIENT, **(environment or {})}
    if options.compose:
        if options.service_url or options.redis_url or options.database_url:
            raise PlanError(
                "--compose: its containers have addresses of their own; leave the other URLs out"
            )
        return ComposeStack(["service"], replicas=processes)
    if options.service_url:
        if options.database_url:
            raise PlanError(
                "--database-url: a service that is given has its own; leave one of the two out"
            )
        return GivenService(
            [_http(url) for url in options.service_url], redis_url=options.redis_url
        )
    if options.redis_url or options.database_url:
        if not (options.redis_url and options.database_url):
            missing = "--database-url" if options.redis_url else "--redis-url"
            raise PlanError(f"{missing} is missing: give both, or neither for the local stack")
        return GivenServers(options.redis_url, options.database_url, processes, settings)
    return LocalStack(processes, options.database, settings)


def _processes(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= MOST_PROCESSES:
        raise PlanError(
            f"--service-processes must be a whole number from 1 to {MOST_PROCESSES}, got {text!r}; "
            "such as 2"
        )
    return int(text)


def _http(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise PlanError(
            f"--service-url must be http://host:port, got {url!r}; such as http://127.0.0.1:8000"
        )
    return url

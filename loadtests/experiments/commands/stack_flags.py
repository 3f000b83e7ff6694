"""Flags that say on which stack to measure: private processes, containers, or addresses given."""

import argparse
from collections.abc import Mapping
from urllib.parse import urlsplit

from loadtests.experiments.plan.fields import PlanError
from loadtests.stack.addresses import GivenServers, GivenService
from loadtests.stack.compose import ComposeStack
from loadtests.stack.local import LocalStack
from loadtests.stack.stack import Stack

MOST_PROCESSES = 16
HTTP = ("http", "https")
REDIS = ("redis", "rediss", "redis+cluster", "rediss+cluster")


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
    if options.compose:
        if options.service_url or options.redis_url or options.database_url:
            raise PlanError(
                "--compose: its containers have addresses of their own; leave the other URLs out"
            )
        return ComposeStack(["service"], replicas=processes)
    if options.redis_url:
        _check_url("--redis-url", options.redis_url, REDIS, "redis://127.0.0.1:6379/0")
    if options.service_url:
        if options.database_url:
            raise PlanError(
                "--database-url: a service that is given has its own; leave one of the two out"
            )
        for url in options.service_url:
            _check_url("--service-url", url, HTTP, "http://127.0.0.1:8000")
        return GivenService(options.service_url, redis_url=options.redis_url)
    if options.redis_url or options.database_url:
        if not (options.redis_url and options.database_url):
            missing = "--database-url" if options.redis_url else "--redis-url"
            raise PlanError(f"{missing} is missing: give both, or neither for the local stack")
        return GivenServers(options.redis_url, options.database_url, processes, environment)
    return LocalStack(processes, options.database, environment)


def _processes(text: str) -> int:
    if text not in map(str, range(1, MOST_PROCESSES + 1)):
        raise PlanError(
            f"--service-processes must be a whole number from 1 to {MOST_PROCESSES}, got {text!r}; "
            "such as 2"
        )
    return int(text)


def _check_url(flag: str, url: str, schemes: tuple[str, ...], example: str) -> None:
    """Refuse what names no server."""
    try:
        parts = urlsplit(url)
        named = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        named = False
    if not named:
        raise PlanError(
            f"{flag} must be {schemes[0]}://host:port, got {_shown(url)!r}; such as {example}"
        )


def _shown(url: str) -> str:
    """Return a URL, sound or not, without a name and a password that it may hold."""
    return url.rpartition("@")[2]

"""Flags that choose the stack to measure: private processes, containers, or given addresses."""

import argparse
from collections.abc import Mapping

from loadtests.experiments.commands.usage import UsageError, whole_number
from loadtests.service_under_test.urls import names_server
from loadtests.stack.addresses import GivenServers, GivenService
from loadtests.stack.compose import ComposeStack
from loadtests.stack.local import LocalStack
from loadtests.stack.stack import Stack

MOST_PROCESSES = 16
HTTP = ("http", "https")
REDIS = ("redis", "rediss", "redis+cluster", "rediss+cluster")


def add_stack_flags(parser: argparse.ArgumentParser, service_processes: int = 1) -> None:
    """Declare the flags.

    Args:
        parser: The verb's parser.
        service_processes: The default number of service processes.
    """
    stack = parser.add_argument_group(
        "stack", "Without these flags, private Redis, database and service processes are started."
    )
    stack.add_argument(
        "--service-url",
        action="append",
        metavar="URL",
        help="A service that is running already, such as http://127.0.0.1:8000; repeat for each "
        "of its processes",
    )
    stack.add_argument(
        "--redis-url",
        metavar="URL",
        help="The Redis of that service, or with --database-url the Redis to start services on",
    )
    stack.add_argument("--database-url", metavar="URL", help="The database to start services on")
    stack.add_argument(
        "--database",
        choices=("auto", "sqlite", "mariadb"),
        default="auto",
        help="Database of the local stack; auto uses MariaDB or MySQL if installed, else SQLite "
        "(default auto)",
    )
    stack.add_argument(
        "--compose",
        action="store_true",
        help="Use the containers of docker-compose.yml; stop them again unless they were running",
    )
    stack.add_argument(
        "--service-processes",
        metavar="N",
        default=str(service_processes),
        help=f"Processes or containers of the service (1 to {MOST_PROCESSES}; default %(default)s)",
    )


def chosen_stack(
    options: argparse.Namespace, environment: Mapping[str, str] | None = None
) -> Stack:
    """Return the stack that the flags ask for, not started yet.

    Args:
        options: The parsed flags.
        environment: Settings for service processes that the stack starts.

    Raises:
        UsageError: A URL is wrong, or two flags exclude each other.
    """
    number = options.service_processes
    processes = whole_number("--service-processes", number, "2", MOST_PROCESSES)
    if options.compose:
        if options.service_url or options.redis_url or options.database_url:
            raise UsageError(
                "--compose: its containers have addresses of their own; leave the other URLs out"
            )
        return ComposeStack(["service"], replicas=processes)
    if options.redis_url is not None:
        _check_url("--redis-url", options.redis_url, REDIS, "redis://127.0.0.1:6379/0")
    if options.database_url is not None and not options.database_url.strip():
        raise UsageError(
            "--database-url must be a URL, got ''; such as mysql+pymysql://user@127.0.0.1:3306/db"
        )
    if options.service_url:
        if options.database_url:
            raise UsageError(
                "--database-url: a service that is given has its own; leave one of the two out"
            )
        for url in options.service_url:
            _check_url("--service-url", url, HTTP, "http://127.0.0.1:8000")
        return GivenService(options.service_url, redis_url=options.redis_url)
    if options.redis_url or options.database_url:
        if not (options.redis_url and options.database_url):
            missing = "--database-url" if options.redis_url else "--redis-url"
            raise UsageError(f"{missing} is missing: give both, or neither for the local stack")
        return GivenServers(options.redis_url, options.database_url, processes, environment)
    return LocalStack(processes, options.database, environment)


def redis_of_target(options: argparse.Namespace) -> str | None:
    """Return the Redis of a target; None if none is given.

    Raises:
        UsageError: Its URL is wrong, or names a cluster, whose counts are not read.
    """
    if options.redis_url is not None:
        _check_url("--redis-url", options.redis_url, REDIS[:2], "redis://127.0.0.1:6379/0")
    return str(options.redis_url) if options.redis_url else None


def _check_url(flag: str, url: str, schemes: tuple[str, ...], example: str) -> None:
    """Raise UsageError unless the URL names a server under one of the schemes."""
    if not names_server(url, schemes):
        # User name and password, if any, stand before the last "@".
        shown = url.rpartition("@")[2]
        raise UsageError(
            f"{flag} must be {schemes[0]}://host:port, got {shown!r}; such as {example}"
        )

"""The interface of every stack to an experiment."""

from typing import Protocol, Self


class Stack(Protocol):
    """A running service with its cache and its store; a context manager.

    Attributes:
        service_urls: Addresses of all service processes.
        redis_url: None if Redis cannot be reached directly.
        control_token: None if control and writes need no token (on loopback).
        lines: The servers used, one sentence each.
        store_name: The database, such as "MariaDB 10.11.19".
        entering: What entering it does, for whom waits for it.
    """

    service_urls: list[str]
    redis_url: str | None
    control_token: str | None
    lines: list[str]
    store_name: str
    entering: str

    def __enter__(self) -> Self:
        """Start its servers and wait until they answer; raise StackError if they do not."""

    def __exit__(self, *_: object) -> None:
        """Stop the servers that were started here, and no others."""

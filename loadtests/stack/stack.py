"""What an experiment needs of a stack, wherever its servers run."""

from typing import Protocol, Self


class Stack(Protocol):
    """A running service with its cache and its store; a context manager.

    `service_urls` are the addresses of all service processes; `redis_url` is None when
    Redis cannot be asked directly, `prometheus_url` when there is none, `control_token`
    when control and writes need none (loopback). `lines` say in one sentence each what
    was taken; `store_name` is the database for a reader, such as "MariaDB 10.11.19".
    """

    service_urls: list[str]
    redis_url: str | None
    prometheus_url: str | None
    control_token: str | None
    lines: list[str]
    store_name: str

    def __enter__(self) -> Self:
        """Start what is to be started and wait until it answers; StackError if it does not."""

    def __exit__(self, *_: object) -> None:
        """End what was started here, and nothing else."""

"""Whose machine a target is on, and how much may be sent to one that is not this one."""

import contextlib
import socket

from loadtests.target.key_source import TargetError

MOST_FOREIGN_RATE = 200.0
"""Requests per second to an address of another machine."""

ALLOWED = "--i-may-load-this-host"


def is_this_machine(host: str, flag: str = "target-url") -> bool:
    """Return whether every address of a host belongs to this machine: a socket can be bound there.

    Raises:
        TargetError: The host has no address.
    """
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError):
        raise TargetError(
            f"{flag} must name a host that can be found, got {host!r}; correct it"
        ) from None
    return all(_is_ours(family, address) for family, _, _, _, address in found)


def require_leave(host: str, *, allowed: bool, flag: str = "target-url") -> bool:
    """Return whether a host is foreign; refuse one that is, unless its load was allowed.

    Raises:
        TargetError: It is foreign and its load was not allowed.
    """
    foreign = not is_this_machine(host, flag)
    if foreign and not allowed:
        raise TargetError(
            f"{flag} must be on this machine, got {host!r}; if you may load that host, add"
            f" {ALLOWED}, and at most {MOST_FOREIGN_RATE:g} requests per second are sent to it"
        )
    return foreign


def _is_ours(family: int, address: object) -> bool:
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.bind(address)  # type: ignore[arg-type]
        return True
    return False

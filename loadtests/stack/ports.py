"""The usual TCP ports of the programs, and which ports of 127.0.0.1 are free."""

import random
import socket
from pathlib import Path

from loadtests.stack.guardian import StackError

SERVICE_PORT = 8000
LOCUST_PORT = 8089
PROMETHEUS_PORT = 9090
LOAD_METRICS_PORT = 9646
"""Where Prometheus looks for a headless load generator."""
SWEEP_METRICS_PORT = 9647
"""Where Prometheus looks for a sweep."""

_TRIES = 200


def is_taken(port: int) -> bool:
    """Return whether a server could not listen on the port now."""
    return _bind_error(port) is not None


def free_port() -> int:
    """Return a free port that no outgoing connection will take meanwhile.

    The kernel gives outgoing connections ports of its own range. Below that range, a server
    that was stopped finds its port still free at its next start.
    """
    lowest = _lowest_outgoing_port()
    for _ in range(_TRIES):
        port = random.SystemRandom().randrange(10_240, lowest)
        if not is_taken(port):
            return port
    raise StackError(f"no free port between 10240 and {lowest} on 127.0.0.1")


def require_free(port: int, use: str, another: str) -> None:
    """Raise StackError unless a server could listen on the port.

    Args:
        port: From 1 to 65535.
        use: The server that shall listen there.
        another: The words that choose another port, for the message.
    """
    error = _bind_error(port)
    if isinstance(error, PermissionError):
        raise StackError(
            f"port {port} on 127.0.0.1 ({use}) is not for ordinary users: "
            f"choose one above 1023: {another}"
        )
    if error:
        raise StackError(
            f"port {port} on 127.0.0.1 ({use}) is taken: "
            f"stop what listens there, or choose another: {another}"
        )


def _bind_error(port: int) -> OSError | None:
    """Return the error of binding the port for a moment; None when it succeeds."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error
    return None


def _lowest_outgoing_port() -> int:
    try:
        shown = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text()
        lowest = int(shown.split()[0])
    except OSError:
        return 32_768
    return lowest if lowest > 12_000 else 32_768

"""Which TCP ports of 127.0.0.1 are free."""

import random
import socket
from pathlib import Path

from loadtests.stack.guardian import StackError

_TRIES = 200


def is_taken(port: int) -> bool:
    """Tell whether a server could not listen on the port now."""
    return _refusal(port) is not None


def free_port() -> int:
    """Pick a free port, one that no outgoing connection will take meanwhile.

    The kernel gives outgoing connections the ports of its own range; below that, a
    server that is stopped finds its port still free when it is started again.
    """
    lowest = _lowest_outgoing_port()
    for _ in range(_TRIES):
        port = random.SystemRandom().randrange(10_240, lowest)
        if not is_taken(port):
            return port
    raise StackError(f"no free port between 10240 and {lowest} on 127.0.0.1")


def require_free(port: int, use: str, another: str) -> None:
    """Refuse a port that cannot be listened on; StackError names it and the way out.

    Args:
        port: From 1 to 65535.
        use: What shall listen there.
        another: The words that choose another port.
    """
    refusal = _refusal(port)
    if isinstance(refusal, PermissionError):
        raise StackError(
            f"port {port} on 127.0.0.1 ({use}) is not for ordinary users: "
            f"choose one above 1023: {another}"
        )
    if refusal:
        raise StackError(
            f"port {port} on 127.0.0.1 ({use}) is taken: "
            f"stop what listens there, or choose another: {another}"
        )


def _refusal(port: int) -> OSError | None:
    """Listen on the port for a moment; return what the system has against it."""
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

"""Which TCP ports of 127.0.0.1 are free."""

import random
import socket
from pathlib import Path

from loadtests.experiments.stack.guardian import StackError

_TRIES = 200


def is_taken(port: int) -> bool:
    """Tell whether a server could not listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


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


def require_free(port: int, use: str, remedy: str) -> None:
    """Refuse a port that is taken; StackError names it and the way out."""
    if is_taken(port):
        raise StackError(f"port {port} on 127.0.0.1 ({use}) is taken: {remedy}")


def _lowest_outgoing_port() -> int:
    try:
        shown = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text()
        lowest = int(shown.split()[0])
    except OSError:
        return 32_768
    return lowest if lowest > 12_000 else 32_768

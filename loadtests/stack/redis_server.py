"""A private Redis that keeps data in memory only and listens on loopback only."""

import socket
from pathlib import Path

from loadtests.stack.guardian import Guardian
from loadtests.stack.ports import free_port
from loadtests.stack.private_server import PrivateServer
from loadtests.stack.servers import ServerProgram


class RedisServer(PrivateServer):
    """Redis or Valkey without persistence: it is empty after a restart."""

    def __init__(self, guardian: Guardian, program: ServerProgram, name: str = "redis") -> None:
        super().__init__(guardian, name, free_port())
        self._program = program
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str | Path]:
        """Return its command line."""
        listen = ["--bind", "127.0.0.1", "--port", str(self.port)]
        forget = ["--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        return [self._program.path, *listen, *forget]

    def answers(self) -> bool:
        """Return whether it answers a PING."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

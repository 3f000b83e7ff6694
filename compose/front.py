"""Listens on 127.0.0.1:8000 and passes connections on to the replicas of the service, in turn.

Without it the port would change: from a range of published ports (one for each replica) Docker
takes the next one at every start, so after a second `docker compose up` the service would answer
on 8001. Each replica can still be reached on its own port.
"""

import asyncio
import contextlib
import itertools
import signal
import socket

SERVICE, PORT = "service", 8000
_turn = itertools.count()


async def replica() -> tuple[str, int]:
    """Return the address of the next replica, according to the network's DNS at this moment."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(SERVICE, PORT, type=socket.SOCK_STREAM)
    addresses = sorted(str(entry[4][0]) for entry in found)
    return addresses[next(_turn) % len(addresses)], PORT


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy bytes until the reader ends; if a connection breaks, close the other one too."""
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except ConnectionError:
        writer.close()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass one connection on to a replica, or close it if there is none."""
    with contextlib.suppress(OSError), contextlib.closing(writer):
        to_reader, to_writer = await asyncio.open_connection(*await replica())
        with contextlib.closing(to_writer):
            await asyncio.gather(copy(reader, to_writer), copy(to_reader, writer))


async def main() -> None:
    """Serve until SIGTERM."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    server = await asyncio.start_server(serve, "0.0.0.0", PORT)
    async with server:
        await ended.wait()
        server.close()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())

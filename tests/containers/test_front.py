"""The front forwards the answers of a replica, and the end of its connection."""

import asyncio
import importlib.util
import socket
import struct

import pytest

from tests.dashboards.board_files import ROOT

_SPEC = importlib.util.spec_from_file_location("front", ROOT / "compose" / "front.py")
front = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(front)


async def resets(reader, writer):
    """Read a request and reset the connection, as a killed replica does."""
    await reader.readline()
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.close()


async def answers_after_the_end(reader, writer):
    """Answer after the client has closed its sending half."""
    received = await reader.read()
    writer.write(b"got " + received)
    writer.close()


@pytest.fixture
def send_through(monkeypatch):
    """Sends bytes to a replica by way of the front; returns all bytes until the connection ends."""

    async def exchange(replica, half_closed):
        async with (
            await asyncio.start_server(replica, "127.0.0.1", 0) as behind,
            await asyncio.start_server(front.serve, "127.0.0.1", 0) as proxy,
        ):

            async def address():
                return behind.sockets[0].getsockname()

            monkeypatch.setattr(front, "replica", address)
            reader, writer = await asyncio.open_connection(*proxy.sockets[0].getsockname())
            writer.write(b"hello\n")
            if half_closed:
                writer.write_eof()
            came = await asyncio.wait_for(reader.read(), 5)
            writer.close()
            return came

    return lambda replica, *, half_closed=False: asyncio.run(exchange(replica, half_closed))


def test_connection_that_the_replica_resets_is_closed_for_the_client_too(send_through):
    assert send_through(resets) == b""


def test_client_that_closed_its_sending_half_still_gets_the_answer(send_through):
    assert send_through(answers_after_the_end, half_closed=True) == b"got hello\n"

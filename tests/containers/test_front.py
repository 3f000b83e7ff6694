"""The door passes on what a replica does, its end too."""

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
    """Take a request and break off, as a replica does that was killed."""
    await reader.readline()
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.close()


async def answers_after_the_end(reader, writer):
    """Answer when the client has said all."""
    said = await reader.read()
    writer.write(b"got " + said)
    writer.close()


@pytest.fixture
def through(monkeypatch):
    """Sends bytes through the door to a replica; returns what comes back until the end."""

    async def passed(replica, half_closed):
        async with (
            await asyncio.start_server(replica, "127.0.0.1", 0) as behind,
            await asyncio.start_server(front.serve, "127.0.0.1", 0) as door,
        ):

            async def address():
                return behind.sockets[0].getsockname()

            monkeypatch.setattr(front, "replica", address)
            reader, writer = await asyncio.open_connection(*door.sockets[0].getsockname())
            writer.write(b"hello\n")
            if half_closed:
                writer.write_eof()
            came = await asyncio.wait_for(reader.read(), 5)
            writer.close()
            return came

    return lambda replica, *, half_closed=False: asyncio.run(passed(replica, half_closed))


def test_connection_that_the_replica_breaks_off_is_ended_for_the_client_too(through):
    assert through(resets) == b""


def test_client_that_has_said_all_still_hears_the_answer(through):
    assert through(answers_after_the_end, half_closed=True) == b"got hello\n"

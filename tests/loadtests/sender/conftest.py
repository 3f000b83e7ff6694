"""Clients of a target that a test serves."""

import pytest

from loadtests.sender.target_client import TargetClient
from loadtests.target.target_file import TargetFlags, read_target

CONNECTIONS = 8


@pytest.fixture
def client_of(tmp_path):
    """Return what makes a client of a server, whose flags or TOML file name it as PORT."""
    made = []

    def make(server, url="http://127.0.0.1:PORT/p/{key}", toml="", **flags):
        if toml:
            file = tmp_path / "shop.toml"
            file.write_text(toml.replace("PORT", str(server.port)))
            told = TargetFlags(file=str(file), **flags)
        else:
            told = TargetFlags(url=url.replace("PORT", str(server.port)), **flags)
        made.append(TargetClient(read_target(told), CONNECTIONS, 1))
        return made[-1]

    yield make
    for client in made:
        client.close()

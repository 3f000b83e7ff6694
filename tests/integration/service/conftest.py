"""A service that reaches its Redis through a proxy, which can break the network between them."""

import pytest

from loadtests.stack.faults.tcp_proxy import TcpProxy
from tests.integration.service.service_processes import running


@pytest.fixture
def proxy(fresh_redis):
    with TcpProxy(fresh_redis.port) as proxy:
        yield proxy


@pytest.fixture
def service(guardian, proxy, tmp_path):
    url = f"redis://127.0.0.1:{proxy.port}/0"
    with running(guardian, url, f"sqlite:///{tmp_path}/fruit.db") as (server,):
        yield server

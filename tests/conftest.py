"""Real servers for the tests: private ones on free ports, supervised by a guardian.

A test whose server is not available is skipped with the reason; under CI=true it fails.
"""

import importlib
import itertools
import os
import signal
from collections.abc import Callable, Iterator

import pytest

from loadtests.stack import ports, servers
from loadtests.stack.guardian import ROOT, Guardian, StackError
from loadtests.stack.mariadb_server import MariadbServer
from loadtests.stack.redis_server import RedisServer
from loadtests.stack.servers import KnownServer, ServerProgram

pytest_plugins = ["tests.whole_stacks"]

PHASE_MARKERS = {"integration", "stack", "browser", "accept", "exclusive"}
"""The markers that place a test; one without any of them is a unit test."""

LEFT_OUT = {
    "exclusive": "judges time, on a quiet machine",
    "long": "takes long",
    "stack": "starts the containers",
}
"""The markers that LEAVE_OUT may name, and why their tests are left out."""

LONGEST_FILES = (
    "dashboards/test_panels_on_prometheus.py",
    "integration/sweep/test_planted_interference.py",
    "integration/load/test_agreement.py",
    "integration/load/test_gate_verdicts.py",
    "integration/load/test_refusals.py",
    "integration/load/test_stale_reads.py",
    "integration/sweep/test_sweep_on_local_stack.py",
    "loadtests/page/test_locust_page_in_chromium.py",
    "integration/load/test_frozen_service.py",
    "integration/sweep/test_stampede_figures.py",
    "integration/load/test_arrivals_on_the_wire.py",
)
"""The files of a minute and more, the longest first: a worker that began one of them late would
be waited for alone. `--no-loadscope-reorder` keeps this order."""

SERVER_FIXTURES = {
    *("redis_server", "fresh_redis", "mariadb_server", "fresh_mariadb", "unpacked_redis"),
    *("require_servers", "chromium_path", "prometheus_program", "promtool_path"),
    *("shared_stack", "drill_stack", "service_url", "measurements"),
}
SERVER_FOLDERS = {"drills", "races", "integration"}

_numbers = itertools.count(1)


def pytest_configure() -> None:
    """Give this process and its children the same environment, however pytest was started.

    Importing Locust must not turn this process's threads into greenlets; a Locust that a test
    starts as a program does its usual monkey-patching. A background job ignores Ctrl-C, and its
    children would inherit that. A configured proxy must not be used for servers of this machine.
    Without bytecode, each program would compile its libraries at its start.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["no_proxy"] = ",".join(filter(None, [os.environ.get("no_proxy"), "127.0.0.1"]))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ["LOCUST_SKIP_MONKEY_PATCH"] = "1"
    importlib.import_module("locust")
    del os.environ["LOCUST_SKIP_MONKEY_PATCH"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test exactly one phase, and run fast phases first.

    Workers begin with the files that take longest. Playwright leaves its event loop running in
    this thread, so among the others the browser's tests come last.

    Raises:
        pytest.UsageError: A test's markers contradict what it uses.
    """
    for item in items:
        if not PHASE_MARKERS.intersection(mark.name for mark in item.iter_markers()):
            item.add_marker("unit")
        if problem := phase_problem(item):
            raise pytest.UsageError(f"{item.nodeid}: {problem}")
        leave_out(item)
    items.sort(
        key=lambda item: (
            _place_among_longest(item),
            bool(item.get_closest_marker("browser")),
            bool(item.get_closest_marker("exclusive")),
            not item.get_closest_marker("unit"),
        )
    )


def _place_among_longest(item: pytest.Item) -> int:
    """Return when a worker begins the file of a test; one process runs fast tests first."""
    name = item.path.relative_to(ROOT / "tests").as_posix()
    if "PYTEST_XDIST_WORKER" not in os.environ or name not in LONGEST_FILES:
        return len(LONGEST_FILES)
    return LONGEST_FILES.index(name)


def leave_out(item: pytest.Item) -> None:
    """Skip a test with one of the markers in LEAVE_OUT, so that it is counted."""
    for marker in os.environ.get("LEAVE_OUT", "").split():
        if item.get_closest_marker(marker):
            item.add_marker(pytest.mark.skip(reason=f"left to .ci/run: {LEFT_OUT[marker]}"))


def phase_problem(item: pytest.Item) -> str | None:
    """Return why a test's markers would run it in the wrong phase; None when they are right."""
    marks = {mark.name for mark in item.iter_markers()}
    servers_used = SERVER_FIXTURES.intersection(getattr(item, "fixturenames", ()))
    folder = item.path.relative_to(ROOT / "tests").parts[0]
    if "unit" in marks and marks & PHASE_MARKERS:
        return "a unit test has no other phase; remove the marker unit"
    if "unit" in marks and servers_used:
        return f"uses the servers {sorted(servers_used)}; mark it integration"
    if "unit" in marks and folder in SERVER_FOLDERS:
        return f"tests in tests/{folder}/ start servers; mark it integration"
    if "exclusive" in marks and "integration" not in marks:
        return "exclusive tests are integration tests; mark it integration too"
    if "exclusive" in marks and "stack" in marks:
        return "a test of containers cannot be exclusive; remove one of the two markers"
    return None


def find_or_skip(
    server: KnownServer, find: Callable[[KnownServer], ServerProgram] = servers.find_or_unpack
) -> ServerProgram:
    """Return a program; skip the test when it is missing, or fail it under CI=true."""
    try:
        return find(server)
    except StackError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"under CI=true no server may be missing: {error}")
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def unpacked_redis() -> ServerProgram:
    """Debian's Redis, unpacked into the cache even if this machine has one installed."""
    return find_or_skip(servers.REDIS, servers.unpack)


@pytest.fixture(scope="session")
def guardian() -> Iterator[Guardian]:
    """A guardian that runs programs for the whole session."""
    with Guardian() as running:
        yield running


@pytest.fixture
def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on."""
    return ports.free_port()


@pytest.fixture(scope="session")
def redis_server(guardian: Guardian) -> Iterator[RedisServer]:
    """One Redis for the whole session, shared; each test uses keys of its own."""
    yield from _redis(guardian)


@pytest.fixture
def fresh_redis(guardian: Guardian) -> Iterator[RedisServer]:
    """An empty Redis for one test, which may stop, kill and restart it."""
    yield from _redis(guardian)


@pytest.fixture(scope="session")
def mariadb_server(guardian: Guardian) -> Iterator[MariadbServer]:
    """One MariaDB with db.sql loaded, shared by the whole session; each test uses its own rows."""
    yield from _mariadb(guardian)


@pytest.fixture
def fresh_mariadb(guardian: Guardian) -> Iterator[MariadbServer]:
    """A MariaDB with db.sql loaded for one test, which may stop, kill and restart it."""
    yield from _mariadb(guardian)


@pytest.fixture(scope="session")
def require_servers() -> None:
    """Skip or fail the test unless the servers of a local stack are available."""
    find_or_skip(servers.REDIS)
    find_or_skip(servers.MARIADB)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The path of a Chromium to control (as root it needs --no-sandbox)."""
    return str(find_or_skip(servers.CHROMIUM).path)


@pytest.fixture(scope="session")
def prometheus_program() -> ServerProgram:
    """The Prometheus program."""
    return find_or_skip(servers.PROMETHEUS)


@pytest.fixture(scope="session")
def promtool_path() -> str:
    """The path of Prometheus' promtool."""
    return str(find_or_skip(servers.PROMTOOL).path)


def _redis(guardian: Guardian) -> Iterator[RedisServer]:
    server = RedisServer(guardian, find_or_skip(servers.REDIS), f"redis-{next(_numbers)}")
    server.start()
    server.wait_ready()
    yield server
    server.kill()


def _mariadb(guardian: Guardian) -> Iterator[MariadbServer]:
    server = MariadbServer(guardian, find_or_skip(servers.MARIADB), f"mariadb-{next(_numbers)}")
    server.create()
    server.start()
    server.wait_ready()
    server.load(ROOT / "db.sql")
    yield server
    server.kill()

"""The package as `pip install .` leaves it: a command that needs no checkout, in any folder."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from loadtests.stack.debian import CACHE
from loadtests.stack.guardian import ROOT
from loadtests.stack.ports import free_port
from tests.integration.target.small_services import ProductApi, SmallService

pytestmark = pytest.mark.integration

SOURCES = ("pyproject.toml", "requirements.txt", "README.md", "LICENSE", "db.sql")
LINE = '10.0.0.1 - - [12/Nov/2026:10:00:{:02} +0000] "GET /item/{} HTTP/1.1" 200 12 "-" "-"\n'
LOG = "".join(LINE.format(second, second % 5) for second in range(60))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the package offline from a copy, because setuptools writes beside what it builds."""
    sources = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        shutil.copy(ROOT / name, sources)
    for name in ("service", "loadtests", "dashboards"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, sources / name, symlinks=True, ignore=ignore)
    build = "from setuptools.build_meta import build_wheel; print(build_wheel('.'))"
    said = subprocess.check_output([sys.executable, "-c", build], cwd=sources, text=True)
    return sources / said.splitlines()[-1]


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Install the package into an environment that borrows this one's dependencies."""
    home = tmp_path_factory.mktemp("fresh")
    venv.create(home, symlinks=True)
    python = home / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "-q", "install", "--no-deps"]
    subprocess.run([*pip, "--no-index", "--no-compile", str(wheel)], check=True)
    asked = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.check_output(asked, text=True).strip())
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin" / "cacheaside"


@pytest.fixture
def environment(tmp_path):
    """Return an environment in which the servers unpacked for other tests are found again."""
    caches = tmp_path / "caches"
    caches.mkdir()
    CACHE.mkdir(exist_ok=True)
    (caches / "cacheaside").symlink_to(CACHE)
    kept = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    return kept | {"XDG_CACHE_HOME": str(caches)}


def _run(command, folder, environment, *words):
    return subprocess.run(
        [command, *map(str, words)],
        check=False,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_the_package_holds_modules_and_the_files_they_read_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        database = archive.read("loadtests/stack/files/db.sql")
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        described = archive.read(metadata).decode()

    files = {
        str(path.relative_to(ROOT))
        for package in ("service", "loadtests")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    wanted = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if "==" in line]
    described_in = Path(metadata).parent.name
    assert {name for name in names if not name.startswith(described_in)} == files
    assert database == (ROOT / "db.sql").read_bytes()
    assert described.count("Requires-Dist: ") == len(wanted)


@pytest.mark.accept
def test_a_log_is_profiled_and_reported_in_an_empty_folder(installed, tmp_path, environment):
    folder = tmp_path / "empty"
    folder.mkdir()
    (tmp_path / "access.log").write_text(LOG)

    done = _run(installed, folder, environment, "profile", tmp_path / "access.log", "--json")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["requests"] == 60
    assert [path.name for path in folder.iterdir()] == ["results"]


def test_what_needs_the_repository_says_so_in_one_line(installed, tmp_path, environment):
    done = _run(installed, tmp_path, environment, "sweep", "--compose", "--ttl", "1")

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("error: compose: docker-compose.yml is not")
    assert "Traceback" not in done.stderr


@pytest.mark.accept
@pytest.mark.usefixtures("require_servers")
def test_the_demo_runs_in_an_empty_folder_and_its_report_is_made_again(
    installed, tmp_path, environment
):
    folder = tmp_path / "empty"
    folder.mkdir()

    swept = _run(installed, folder, environment, "sweep", "--plan", "demo")
    (results,) = (folder / "results").iterdir()
    (results / "report.html").unlink()
    reported = _run(installed, folder, environment, "report", results)

    assert swept.returncode == 0, swept.stderr
    assert reported.returncode == 0, reported.stderr
    assert "</html>" in (results / "report.html").read_text()
    assert [path.name for path in folder.iterdir()] == ["results"]


@pytest.mark.accept
@pytest.mark.usefixtures("require_servers")
def test_the_stack_runs_from_an_empty_folder_until_ctrl_c(installed, tmp_path, environment):
    ports = [free_port() for _ in range(3)]
    flags = zip(("--service-port", "--locust-port", "--prometheus-port"), ports, strict=True)
    words = [str(word) for pair in flags for word in pair]

    with subprocess.Popen(
        [installed, "run", *words],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as run:
        said = []
        while not said or not said[-1].startswith("Ctrl-C"):
            said.append(run.stdout.readline())
            assert said[-1], "".join(said)
        run.send_signal(signal.SIGINT)
        code = run.wait(10)

    assert code == 0
    assert any(line.startswith("service: ") for line in said)


@pytest.mark.accept
def test_own_locustfile_finds_the_building_blocks_in_any_folder(installed, tmp_path, environment):
    shutil.copy(ROOT / "docs/examples/product_api.py", tmp_path)
    python = installed.with_name("python")
    words = ["-f", "product_api.py", "--headless", "--only-summary", "-t", "3s", "Shopper"]

    with SmallService(ProductApi, ttl_seconds=60.0) as service:
        done = _run(python, tmp_path, environment, "-m", "locust", "--host", service.url, *words)

    assert done.returncode == 0, done.stderr
    assert re.search(r"[1-9]\d* lookups, hit ratio [\d.]+ %, .* 0 failed", done.stderr)
    assert "product hit" in done.stderr


@pytest.mark.accept
def test_pip_installs_the_repository_with_all_that_it_needs(tmp_path):
    """Use the network, as a person does."""
    venv.create(tmp_path / "venv", with_pip=True)
    copy = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(copy)], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-compile", str(copy)], check=True)
    (tmp_path / "access.log").write_text(LOG)

    done = _run(python.with_name("cacheaside"), tmp_path, None, "profile", "access.log", "--json")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["keys"] == 5

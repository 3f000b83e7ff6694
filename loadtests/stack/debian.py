"""Unpacks Debian packages into a cache folder, without root or installation."""

import contextlib
import fcntl
import os
import platform
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from loadtests.stack.guardian import IN_CHECKOUT, ROOT


def cache_folder(environment: Mapping[str, str], *, in_checkout: bool) -> Path:
    """Return where packages are unpacked: in the repository, or else among the user's caches."""
    if in_checkout:
        return ROOT / ".cache"
    # A container's user may have no home; then the folder cannot be written, which is said later.
    caches = environment.get("XDG_CACHE_HOME") or f"{environment.get('HOME', '')}/.cache"
    return Path(caches) / "cacheaside"


CACHE = cache_folder(os.environ, in_checkout=IN_CHECKOUT)
CACHE_NAME = ".cache/" if IN_CHECKOUT else f"{CACHE}/"
"""What people are told of it."""

_SECONDS_TO_DOWNLOAD = 600
_INSTALL_LINE = re.compile(r"^Inst (\S+) (?:\[\S+\] )?\((\S+) ", re.MULTILINE)
_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{tree}/usr/share/fonts</dir><dir>/usr/share/fonts</dir>
<cachedir>{tree}/font-cache</cachedir></fontconfig>
"""


class UnpackError(Exception):
    """A package cannot be unpacked here; the message says why."""


def unpacked(program: str, *packages: str) -> Path:
    """Return a folder with packages and their missing dependencies, unpacked.

    The folder is named after the release and the first package, and made only once. The machine's
    package lists are used as they are; if there are none, or they are too old, lists are fetched
    into the cache.

    Args:
        program: Path of the wanted program in that folder, such as `usr/bin/redis-server`; the
            folder is kept only if it is there.
        packages: Unpacked even if they are installed, unlike their dependencies; they must include
            every package whose files the program looks for beside itself.

    Returns:
        The folder that holds `usr/bin` and so on.

    Raises:
        UnpackError: This is not Debian, or a package is not available.
    """
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise UnpackError("apt-get and dpkg are not installed")
    tree = _home() / packages[0]
    with _locked(_home()):
        if not (tree / program).exists():
            shutil.rmtree(tree, ignore_errors=True)
            with tempfile.TemporaryDirectory(dir=_home()) as folder:
                _download(packages, Path(folder))
                _unpack(Path(folder), Path(folder) / "tree")
                if not (Path(folder) / "tree" / program).exists():
                    raise UnpackError(f"{program} is not in {', '.join(packages)}")
                (Path(folder) / "tree").rename(tree)
    return tree


def wrapper(tree: Path, program: str) -> Path:
    """Return a script that runs a program of an unpacked folder with that folder's libraries.

    Args:
        tree: The folder that `unpacked` returned.
        program: The program's path in it, such as `usr/bin/redis-server`.
    """
    script = tree / "wrappers" / Path(program).name
    text = (
        "#!/bin/sh\n"
        f"export LD_LIBRARY_PATH={shlex.quote(_library_path(tree))}\n"
        f"export FONTCONFIG_FILE={shlex.quote(str(tree / 'fonts.conf'))}\n"
        f'exec {shlex.quote(str(tree / program))} "$@"\n'
    )
    # Write it again if the repository was moved, because its paths are absolute.
    if not script.exists() or script.read_text() != text:
        (tree / "fonts.conf").write_text(_FONTS.format(tree=tree))
        script.parent.mkdir(exist_ok=True)
        draft = script.with_suffix(f".{os.getpid()}")
        draft.write_text(text)
        draft.chmod(0o755)
        draft.rename(script)
    return script


def _home() -> Path:
    release = platform.freedesktop_os_release()
    name = f"{release['ID']}-{release.get('VERSION_ID', 'rolling')}-{platform.machine()}"
    return CACHE / name


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a lock, so that two processes never unpack the same package at the same time.

    Raises:
        UnpackError: The folder cannot be written, as in a read-only checkout.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise UnpackError(f"{folder} cannot be written: {error.strerror}") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _download(packages: tuple[str, ...], folder: Path) -> None:
    try:
        _download_missing(packages, folder, [])
    except UnpackError:
        own = _own_lists()
        _apt(folder, own, "update")
        _download_missing(packages, folder, own)


def _download_missing(packages: tuple[str, ...], folder: Path, options: list[str]) -> None:
    plan = _apt(folder, options, "-s", "install", "--no-install-recommends", *packages)
    missing = dict(_INSTALL_LINE.findall(plan))
    installed = [package for package in packages if package not in missing]
    wanted = [f"{name}={version}" for name, version in missing.items()]
    _apt(folder, options, "download", *wanted, *installed)


def _own_lists() -> list[str]:
    """Return options that keep apt's lists in the cache; it still reads what is installed."""
    state, cache = _home() / "apt" / "state", _home() / "apt" / "cache"
    (state / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (cache / "archives" / "partial").mkdir(parents=True, exist_ok=True)
    return [
        f"-oDir::State={state}",
        "-oDir::State::status=/var/lib/dpkg/status",
        f"-oDir::Cache={cache}",
    ]


def _apt(folder: Path, options: list[str], *words: str) -> str:
    quiet = [
        "-q",
        "-y",
        "-oDebug::NoLocking=1",
        "-oAcquire::Retries=1",
        "-oAcquire::http::Timeout=20",
    ]
    if os.geteuid() == 0:
        # Apt's own user may not write to this folder.
        quiet.append("-oAPT::Sandbox::User=root")
    return _run(["apt-get", *quiet, *options, *words], folder)


def _unpack(archives: Path, tree: Path) -> None:
    tree.mkdir()
    for archive in sorted(archives.glob("*.deb")):
        _run(["dpkg-deb", "-x", archive.name, tree.name], archives)


def _run(argv: list[str], folder: Path) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - fixed programs, no shell
            argv,
            cwd=folder,
            env=os.environ | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=_SECONDS_TO_DOWNLOAD,
        )
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip() or error.stdout.strip()).splitlines()[-1:]
        raise UnpackError(f"{argv[0]}: {' '.join(last)}") from error
    except subprocess.TimeoutExpired as error:
        raise UnpackError(f"{argv[0]}: no answer in {_SECONDS_TO_DOWNLOAD} s") from error
    return done.stdout


def _library_path(tree: Path) -> str:
    folders = {path.parent for path in tree.glob("**/lib*.so*")}
    return ":".join(sorted(str(folder) for folder in folders))

"""Whether the system's limits leave room for the threads and processes that the service starts.

Granian panics when it cannot start a thread that a request needs, which may be hours after the
start, so that every thread must have its place from the beginning.
"""

import os
import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from service.guards.sizing import SHADOW_READS
from service.settings import Settings, SettingsError

# The worker process; in it the thread that hands requests to the others; in the main process the
# thread that waits for the worker.
GRANIAN_TASKS = 3
# The watch over the main process, the chores, the probes of Redis and of the store, late replies,
# bodies that do not come, the near tier.
OWN_THREADS = 7
PROC = Path("/proc")
# CAP_SYS_ADMIN and CAP_SYS_RESOURCE: the limit of a user does not bind who has one of them.
UNBOUND_CAPABILITIES = 1 << 21 | 1 << 24


def needed_tasks(settings: Settings, http_threads: int) -> int:
    """Return how many threads and processes the service starts at most, at the same time."""
    background = settings.store_pool_size + SHADOW_READS
    return GRANIAN_TASKS + http_threads + settings.threads + OWN_THREADS + background


def require_room(settings: Settings, http_threads: int) -> None:
    """Check the limits of our cgroups and of our user; one that cannot be read is none.

    Args:
        settings: Say how many threads there are to be.
        http_threads: Granian's, beside those that run Python.

    Raises:
        SettingsError: One leaves fewer threads and processes than are needed.
    """
    needed = needed_tasks(settings, http_threads)
    for most, current, name, way_out in _limits(PROC):
        if (room := max(0, most - current)) < needed:
            raise SettingsError(
                f"{name} leaves {room} more threads and processes, but THREADS {settings.threads} "
                f"and STORE_POOL_SIZE {settings.store_pool_size} need {needed}; raise it to at "
                f"least {current + needed} ({way_out}), or lower THREADS and STORE_POOL_SIZE"
            )


def _limits(proc: Path) -> Iterator[tuple[int, int, str, str]]:
    """Yield every limit that is known: the most, how many there are, its name, how to raise it."""
    with suppress(OSError, ValueError):
        way_out = "--pids-limit of docker run, pids_limit of compose, TasksMax of systemd"
        for folder in _cgroups(proc):
            with suppress(OSError, ValueError):
                most = int((folder / "pids.max").read_text())
                current = int((folder / "pids.current").read_text())
                yield most, current, f"pids.max {most} of {folder}", way_out
    with suppress(OSError, ValueError):
        most, _ = resource.getrlimit(resource.RLIMIT_NPROC)
        own = _status(proc / "self")
        user = own["Uid"].split()[0]
        if most >= 0 and user != "0" and not int(own["CapEff"], 16) & UNBOUND_CAPABILITIES:
            name = f"RLIMIT_NPROC {most} (ulimit -u) of user {user}"
            yield most, _tasks_of(user, proc), name, "ulimit -u, or limits.conf"


def _cgroups(proc: Path) -> Iterator[Path]:
    """Yield the folders that count our threads and processes: our cgroup, and those around it."""
    ours = [line.split(":", 2)[1:] for line in (proc / "self/cgroup").read_text().splitlines()]
    for line in (proc / "self/mountinfo").read_text().splitlines():
        place, _, source = line.partition(" - ")
        root, mount = place.split()[3:5]
        kind, _, options = source.split()[:3]
        for controllers, path in ours:
            if kind == "cgroup2":
                counts = not controllers
            else:
                counts = kind == "cgroup" and "pids" in options.split(",")
                counts = counts and "pids" in controllers.split(",")
            if counts:
                at = Path(mount.replace(r"\040", " "))
                yield from _folders(at, os.path.relpath(path, root))


def _folders(mount: Path, path: str) -> list[Path]:
    """Return the folder at *path* below *mount*, and all between them."""
    if path.startswith(".."):  # Seen from outside: only the mount itself is certain.
        return [mount]
    below = mount / path
    return [below, *(folder for folder in below.parents if folder.is_relative_to(mount))]


def _tasks_of(user: str, proc: Path) -> int:
    tasks = 0
    for folder in proc.glob("[0-9]*"):
        with suppress(OSError, KeyError):  # It has ended meanwhile.
            status = _status(folder)
            tasks += int(status["Threads"]) if status["Uid"].split()[0] == user else 0
    return tasks


def _status(folder: Path) -> dict[str, str]:
    lines = (folder / "status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)

"""Reads the process table from /proc, and signals processes."""

import contextlib
import os
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class ProcessRow(NamedTuple):
    """One row of the process table.

    Attributes:
        pid: Process id.
        state: One letter; "Z" for a zombie.
        parent: The parent's process id.
        session: Session id.
    """

    pid: int
    state: str
    parent: int
    session: int


def process_table() -> list[ProcessRow]:
    """Return every process that /proc shows now, zombies included."""
    rows = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            # The name in parentheses may itself contain spaces and parentheses.
            fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            rows.append(ProcessRow(int(entry.name), fields[0], int(fields[1]), int(fields[3])))
    return rows


def descendants(pid: int) -> set[int]:
    """Return the children of a process, their children and so on, zombies included."""
    table = process_table()
    found: set[int] = set()
    newest = {pid}
    while newest:
        newest = {row.pid for row in table if row.parent in newest} - found
        found |= newest
    return found


def session_members(session: int) -> set[int]:
    """Return the running processes of a session, also those whose parent has ended."""
    return {row.pid for row in process_table() if row.session == session and row.state != "Z"}


def send(pids: Iterable[int], signal_number: int) -> None:
    """Send a signal to each process that still exists.

    A stopped process is also continued, because it would not act on SIGTERM otherwise.
    """
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal_number)
            os.kill(pid, signal.SIGCONT)

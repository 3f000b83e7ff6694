"""Reads from /proc which processes hang under another."""

import contextlib
import os
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class ProcessRow(NamedTuple):
    """One line of the process table."""

    pid: int
    state: str
    parent: int
    session: int


def process_table() -> list[ProcessRow]:
    """List every process that /proc shows now; zombies have the state "Z"."""
    rows = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            # The name in parentheses may itself hold spaces and parentheses.
            fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            rows.append(ProcessRow(int(entry.name), fields[0], int(fields[1]), int(fields[3])))
    return rows


def descendants(pid: int) -> set[int]:
    """Find the children of a process, their children, and so on (zombies too)."""
    table = process_table()
    found: set[int] = set()
    newest = {pid}
    while newest:
        newest = {row.pid for row in table if row.parent in newest} - found
        found |= newest
    return found


def session_members(session: int) -> set[int]:
    """Find the living processes of a session, orphans of its leader among them."""
    return {row.pid for row in process_table() if row.session == session and row.state != "Z"}


def send(pids: Iterable[int], signal_number: int) -> None:
    """Signal each process; one that is gone already is passed over.

    A stopped process is also continued, or it would never act on SIGTERM.
    """
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal_number)
            os.kill(pid, signal.SIGCONT)

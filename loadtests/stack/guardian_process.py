"""The process that starts every server of a local stack, and stops them all at the end.

It holds one end of a socket whose other end only its parent holds. When the parent ends, even by
kill -9, the socket reads end-of-file, and the process stops all its descendants. As a subreaper it
is also the parent of workers whose own parent has died. It then removes the stack's folder.
"""

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

from loadtests.stack.descendants import descendants, send

_PR_SET_CHILD_SUBREAPER = 36
_GRACE_SECONDS = 2.0
_GIVE_UP_SECONDS = 10.0


class _Children:
    """Starts programs and keeps their exit codes."""

    def __init__(self) -> None:
        self._started: dict[int, subprocess.Popen[bytes]] = {}
        self._exit_codes: dict[int, int] = {}

    def reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid in self._started:
                    self._exit_codes[pid] = os.waitstatus_to_exitcode(status)

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if "exit_code_of" in request:
            self.reap()
            return {"exit_code": self._exit_codes.get(request["exit_code_of"])}
        try:
            return {"pid": self._start(request)}
        except OSError as error:
            return {"error": str(error)}

    def _start(self, request: dict[str, Any]) -> int:
        with Path(request["log"]).open("ab") as log:
            child = subprocess.Popen(  # noqa: S603 - the parent's own command lines
                request["argv"],
                cwd=request["cwd"],
                env=request["environment"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started[child.pid] = child
        return child.pid

    def end_all(self) -> None:
        asked: set[int] = set()
        begun = time.monotonic()
        while time.monotonic() - begun < _GIVE_UP_SECONDS:
            self.reap()
            left = descendants(os.getpid())
            if not left:
                return
            if time.monotonic() - begun < _GRACE_SECONDS:
                send(left - asked, signal.SIGTERM)
                asked |= left
            else:
                send(left, signal.SIGKILL)
            time.sleep(0.02)


def _serve(connection: socket.socket, children: _Children) -> None:
    """Answer the parent's requests until the parent's end of the socket is closed."""
    wake_reader, wake_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake_writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    pending = b""
    while True:
        readable, _, _ = select.select([connection.fileno(), wake_reader], [], [])
        if wake_reader in readable:
            os.read(wake_reader, 4096)
            children.reap()
        if connection.fileno() in readable:
            received = connection.recv(65536)
            if not received:
                return
            *lines, pending = (pending + received).split(b"\n")
            for line in lines:
                connection.sendall(json.dumps(children.answer(json.loads(line))).encode() + b"\n")


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit


def main(descriptor: int, folder: str) -> None:
    """Serve until the parent is gone, then stop every descendant and remove the folder."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    children = _Children()
    try:
        with contextlib.suppress(ConnectionError), socket.socket(fileno=descriptor) as connection:
            _serve(connection, children)
    finally:
        children.end_all()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])

"""A terminal for commands that need one (docker exec -it)."""

import os
import pty
import re
import select
import subprocess
import time

# Cursor and colour codes, and the codes that bracketed paste adds to a prompt.
_CODES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\r")


class Terminal:
    """Runs *command* on a separate terminal; a context manager."""

    def __init__(self, *command):
        self.command = command

    def __enter__(self):
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(self.command, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(10)
        os.close(self._ours)

    def read_until(self, prompt, seconds=20):
        """Return the screen's text up to a prompt."""
        screen, deadline = "", time.monotonic() + seconds
        while not screen.rstrip(" ").endswith(prompt):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._ours], [], [], left)[0]:
                raise AssertionError(f"no {prompt!r} within {seconds} s:\n{screen}")
            screen += _CODES.sub("", os.read(self._ours, 65_536).decode())
        return screen

    def type_line(self, line, prompt):
        """Type a line; return the output up to the next prompt, without the typed line."""
        os.write(self._ours, line.encode() + b"\n")
        return self.read_until(prompt).split("\n", 1)[1]

"""Watches what processes hold while a soak runs: memory, descriptors, threads."""

import threading
import time
from collections import defaultdict
from contextlib import suppress
from typing import Self

import psutil

MEMORY, DESCRIPTORS, THREADS = "memory", "descriptors", "threads"


class Watch:
    """Reads what programs hold, each with all its descendants, at a steady pace on a thread.

    Args:
        pids: The programs by name.
        every_seconds: How often.

    Attributes:
        series: By program and figure, the times of `time.time()` and the values; memory in MB.
    """

    def __init__(self, pids: dict[str, int], every_seconds: float) -> None:
        self.series: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
        self._programs = {name: psutil.Process(pid) for name, pid in pids.items()}
        self._every_seconds = every_seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self._every_seconds):
            for name, program in self._programs.items():
                with suppress(psutil.NoSuchProcess):
                    self._look(name, program)

    def _look(self, name: str, program: psutil.Process) -> None:
        every = [program, *program.children(recursive=True)]
        now = time.time()
        found = {
            MEMORY: sum(process.memory_info().rss for process in every) / 1e6,
            DESCRIPTORS: sum(process.num_fds() for process in every),
            THREADS: sum(process.num_threads() for process in every),
        }
        for figure, value in found.items():
            self.series[name, figure].append((now, value))

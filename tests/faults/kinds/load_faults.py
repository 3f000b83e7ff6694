"""Faults of the load generator: its disk fills up, a worker is killed, the master is killed.

Well means here that its log says what happened and that nothing sends that nobody counts.
"""

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.drills.counts import sum_metric
from tests.drills.machine import CpuTimes
from tests.faults.measurement import Figures
from tests.faults.stage import Stage
from tests.integration.load.locust_load import LocustProcess, wait_for

DISK_BYTES = 256 * 1024
SECONDS = 3.0
PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class LoadFault:
    """One way in which the load generator breaks.

    Attributes:
        name: What breaks and how, as the table says it.
        measure: Runs load on a stage and breaks it; takes the stage and an empty folder.
    """

    name: str
    measure: Callable[[Stage, Path], Figures]


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a small disk, which needs root."""
    disk = folder / "disk"
    disk.mkdir()
    size = f"size={DISK_BYTES}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", disk], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def fill_up(disk: Path) -> None:
    """Leave no byte free."""
    with (disk / "filler").open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 4096)
        except OSError:
            return


def full_disk(stage: Stage, folder: Path) -> Figures:
    with small_disk(folder) as disk, running_load(stage, folder, disk / "record") as load:
        load.locust.until_started()
        time.sleep(1)
        load.strike(lambda: fill_up(disk))
        wait_for(lambda: "lacks samples" in load.locust.log_text, PATIENCE_SECONDS)
        load.well()
        time.sleep(SECONDS)
        code = load.locust.stop()
        return load.figures(f'exit code {code}, the log says "lacks samples"')


def killed_worker(stage: Stage, folder: Path) -> Figures:
    with running_load(stage, folder, None, "--processes", 2, "-u", 2) as load:
        load.locust.until_started()
        time.sleep(1)
        worker = psutil.Process(load.locust.process.pid).children()[0].pid
        load.strike(lambda: os.kill(worker, signal.SIGKILL))
        wait_for(lambda: "failed to send heartbeat" in load.locust.log_text, PATIENCE_SECONDS)
        load.well()
        time.sleep(SECONDS)
        load.locust.stop()
        (sentence,) = load.locust.summary["unreported"]
        assert "was lost" in sentence
        return load.figures('the summary says "worker … was lost"')


def killed_master(stage: Stage, folder: Path) -> Figures:
    with running_load(stage, folder, None, "--processes", 2, "-u", 2) as load:
        load.locust.until_started()
        time.sleep(1)
        workers = psutil.Process(load.locust.process.pid).children()
        load.strike(lambda: os.kill(load.locust.process.pid, signal.SIGKILL))
        wait_for(lambda: not any(map(psutil.Process.is_running, workers)), PATIENCE_SECONDS)
        load.well()
        assert "the master ended without a word" in load.locust.log_text
        return load.figures('the log says "the master ended without a word"')


class RunningLoad:
    """One run of Locust that breaks, and what the services counted of it."""

    def __init__(self, stage: Stage, locust: LocustProcess) -> None:
        self.locust = locust
        self._stage = stage
        self._began = CpuTimes.now()
        self._before = self._counts()
        self._struck = self._well = 0.0
        self._at_strike: Counter[str] = Counter()

    def strike(self, strike: Callable[[], None]) -> None:
        self._at_strike = self._counts()
        self._struck = time.monotonic()
        strike()

    def well(self) -> None:
        self._well = time.monotonic()

    def figures(self, said: str) -> Figures:
        """Return what happened; lookups without an answer are those that the services refused."""
        after = self._counts()
        whole = after - self._before
        return Figures(
            seconds=SECONDS,
            results=after - self._at_strike,
            requests=whole.total(),
            writes=0,
            failed_lookups=whole["error"],
            failed_hits=0,
            errors_500=sum_metric(self._stage.urls, "cacheaside_http_requests_total", "status")[
                "500"
            ],
            refused_writes=0,
            lost_writes=0,
            stale=0,
            well_seconds=self._well - self._struck,
            slowest_hit_ms=None,
            metrics=said,
            disagree=Counter(),
            others=CpuTimes.now().others_since(self._began),
        )

    def _counts(self) -> Counter[str]:
        return sum_metric(self._stage.urls, "cacheaside_lookups_total", "result")


@contextmanager
def running_load(
    stage: Stage, folder: Path, record: Path | None, *words: object
) -> Iterator[RunningLoad]:
    """Run Locust at 50 lookups a second on the stage's first service."""
    with LocustProcess(folder, stage.urls[0], "--rate", 50, *words, record=record) as locust:
        yield RunningLoad(stage, locust)


FAULTS = (
    LoadFault("the load generator's disk is full", full_disk),
    LoadFault("one of two workers of the load generator is killed (kill -9)", killed_worker),
    LoadFault("the master of the load generator is killed (kill -9)", killed_master),
)

"""Runs the load generator as a separate process, and reads what it recorded."""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loadtests.experiments.plan.load import Load
from loadtests.stack.guardian import ROOT, GuardedProcess, Guardian
from loadtests.stack.ports import LOAD_METRICS_PORT, is_taken

START_SECONDS = 660.0  # Longer than the ten minutes that Locust allows for a catalogue.
DRAIN_SECONDS = 60.0  # Longest wait for requests in flight after Locust is stopped.
_POLL_SECONDS = 0.02

Summary = dict[str, Any]


class LoadError(Exception):
    """The load generator failed; the message gives the reason and the end of its log."""


class LocustRun:
    """One run of Locust, from its start to its summary.

    Args:
        process: The running Locust.
        record: The folder that it records into.
    """

    def __init__(self, process: GuardedProcess, record: Path) -> None:
        self._process = process
        self._record = record

    def started_at(self) -> float:
        """Wait for the first arrival; return its intended time in unix seconds.

        Raises:
            LoadError: Locust ended or did not begin in time.
        """
        start = self._record / "start.json"
        deadline = time.monotonic() + START_SECONDS
        while not start.exists():
            if self.ended():
                raise LoadError(
                    f"the load generator ended before its first arrival:\n{self._process.tail()}"
                )
            if time.monotonic() > deadline:
                self._process.kill()
                raise LoadError(f"no arrival within {START_SECONDS:g} s:\n{self._process.tail()}")
            time.sleep(_POLL_SECONDS)
        return float(json.loads(start.read_text())["started_at"])

    def ended(self) -> bool:
        """Return whether it has ended."""
        return self._process.exit_code() is not None

    def stop(self) -> Summary:
        """Stop the arrivals, let requests in flight finish, and return the summary.

        Raises:
            LoadError: It did not drain, or left no summary.
        """
        self._process.terminate()
        return self.finish(DRAIN_SECONDS)

    def finish(self, timeout_seconds: float) -> Summary:
        """Wait for the run to end by itself, and return the summary.

        Raises:
            LoadError: It did not end in time, or left no summary.
        """
        if self._process.wait(timeout_seconds) is None:
            self._process.kill()
            raise LoadError(f"the load generator did not end:\n{self._process.tail()}")
        summary = self._record / "summary.json"
        if not summary.exists():
            raise LoadError(f"the load generator left no summary:\n{self._process.tail()}")
        read: Summary = json.loads(summary.read_text())
        return read

    def kill(self) -> None:
        """Kill it at once."""
        self._process.kill()


class LocustLoad:
    """Starts Locust against a service.

    Args:
        guardian: Ends the processes when this one ends.
        service_urls: Targets of the lookups.
        token: Control token, passed by environment and never on a command line.
        metrics_host: Address to serve metrics at, on the usual port if that is free; None serves
            none.
        target: Flags that name a target in place of a service.
    """

    def __init__(
        self,
        guardian: Guardian,
        service_urls: Sequence[str],
        token: str | None = None,
        metrics_host: str | None = None,
        target: Sequence[str] = (),
    ) -> None:
        self._guardian = guardian
        self._service_urls = service_urls
        self._environment = {"CONTROL_TOKEN": token} if token else {}
        self._metrics_host = metrics_host
        self._target = target

    def start(self, load: Load, seed: int, record: Path, extra: Sequence[str] = ()) -> LocustRun:
        """Start one run that records into an empty folder, with *extra* flags."""
        argv = [
            sys.executable,
            "-m",
            "loadtests.clean_locust",
            *self._arguments(load, seed, record),
            *extra,
        ]
        return LocustRun(self._guardian.start(record.name, argv, self._environment), record)

    def _arguments(self, load: Load, seed: int, record: Path) -> list[str]:
        arguments = ["-f", str(ROOT / "loadtests/locustfile.py"), load.scenario]
        arguments += ["--headless", "--only-summary", "--loglevel", "WARNING"]
        arguments += self._target
        for url in () if self._target else self._service_urls:
            arguments += ["--service-url", url]
        flags = {
            **self._metrics(load),
            **load.flags,
            "preset": None,  # Its values are flags already, and its knobs are the trial's.
            "requests": load.requests or None,
            "seed": seed,
            "record": record.resolve(),
            "cache_at_start": "kept",  # The trial empties it before it counts.
        }
        for name, value in flags.items():
            if value not in (None, ""):
                arguments += [f"--{name.replace('_', '-')}", str(value)]
        return arguments

    def _metrics(self, load: Load) -> dict[str, object]:
        # With metrics Locust predicts the hit ratio at its start, which delays its first requests.
        # They are part of what is measured when a trace is replayed.
        if self._metrics_host is None or load.trace or is_taken(LOAD_METRICS_PORT):
            return {}
        return {"web_host": self._metrics_host, "metrics_port": LOAD_METRICS_PORT}

"""Runs our Locust as a person or a CI job does: as a process with a command line."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil

from loadtests.sender.samples import read_samples
from loadtests.stack.ports import free_port

ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 600.0


class LocustProcess:
    """One run of Locust; the record is in *directory*.

    Args:
        directory: Empty folder for record and log.
        url: The service; None where the arguments name a target.
        arguments: The rest of the command line.
        headless: Whether Locust ends with the run; otherwise its web page is at `page_url`.
        environment: Variables on top of our own.
        record: Where the record goes; by default `record` in the directory.
        locustfile: The file that Locust reads.
    """

    def __init__(
        self,
        directory,
        url,
        *arguments,
        headless=True,
        environment=None,
        record=None,
        locustfile="loadtests/locustfile.py",
    ):
        self.record = record or directory / "record"
        self.log = directory / "locust.log"
        master = free_port()
        words = [sys.executable, "-m", "locust", "-f", str(locustfile)]
        words += ["--service-url", url] if url else []
        words += ["--master-bind-port", str(master)]
        words += ["--master-port", str(master)]
        self.page_url = None
        if headless:
            words += ["--headless", "--only-summary", "--record", str(self.record)]
        else:
            port = free_port()
            words += ["--web-host", "127.0.0.1", "--web-port", str(port)]
            self.page_url = f"http://127.0.0.1:{port}"
        self._output = self.log.open("wb")
        self.process = subprocess.Popen(
            [*words, *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._output.close()

    def wait(self, timeout=PATIENCE_SECONDS):
        """Wait for the end; return the exit code."""
        return self.process.wait(timeout)

    def stop(self):
        """End the run as an experiment does; return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def until_started(self):
        """Wait for the first arrival; return its intended time."""
        wait_for(lambda: (self.record / "start.json").exists() or self.ended())
        return json.loads((self.record / "start.json").read_text())["started_at"]

    def until_page(self):
        """Wait for the web page."""
        wait_for(lambda: self.ended() or answers(self.page_url))

    def ended(self):
        """Return whether the process has ended."""
        return self.process.poll() is not None

    @property
    def summary(self):
        """The contents of summary.json."""
        return json.loads((self.record / "summary.json").read_text())

    @property
    def samples(self):
        """All samples of the run."""
        return read_samples(self.record)

    @property
    def log_text(self):
        """The log so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")


def run(directory, url, *arguments, **given):
    """Run Locust until it ends by itself; return it, with its exit code as `.code`."""
    with LocustProcess(directory, url, *arguments, **given) as locust:
        locust.code = locust.wait()
    return locust


def wait_for(condition, seconds=60.0):
    """Wait until *condition* holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s")
        time.sleep(0.05)


@contextlib.contextmanager
def frozen(process_id):
    """Suspend a process and all its children while the block runs."""
    top = psutil.Process(process_id)
    processes = [top, *top.children(recursive=True)]
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()


def answers(url):
    """Return whether a page answers."""
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except OSError:
        return False


def fetch(url):
    """Return a page's text."""
    with urllib.request.urlopen(url, timeout=10) as response:
        return response.read().decode()


def patch(url, token=None, **knobs):
    """Set knobs of the service."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    body = json.dumps(knobs).encode()
    request = urllib.request.Request(url + "/control/settings", body, headers, method="PATCH")
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)["settings"]


def clear_cache(url):
    """Delete the service's own keys."""
    request = urllib.request.Request(url + "/control/cache", method="DELETE")
    urllib.request.urlopen(request, timeout=10).close()


def lookups(url):
    """Return the service's own counts of lookups by result."""
    counts = {}
    for line in fetch(url + "/metrics?name[]=cacheaside_lookups_total").splitlines():
        if line.startswith("cacheaside_lookups_total{"):
            labels, value = line.split("} ")
            counts[labels.split('"')[1]] = int(float(value))
    return counts

"""What `make test` runs: fast tests first, then what waits, side by side.

It says beforehand how long that takes, what it fetches, and what it leaves out and why.
"""

import os
import subprocess
import sys
import time

from loadtests.stack import servers
from loadtests.stack.guardian import ROOT
from loadtests.stack.servers import KnownServer

MINUTES = 5
FETCHED_MB = {
    "Redis": (servers.REDIS, 3),
    "MariaDB": (servers.MARIADB, 30),
    "Prometheus": (servers.PROMETHEUS, 40),
    "Chromium": (servers.CHROMIUM, 120),
}
"""What Debian's packages of each server weigh, in MB."""
PHASES = {
    "units, and the cache and the store on real servers": (
        *("-m", "(unit or contract) and not accept"),
        *("--numprocesses=2", "--dist=loadfile"),
    ),
    "whole processes on real servers, which wait more than they compute": (
        *("-m", "not unit and not contract and not accept"),
        *("--numprocesses=4", "--dist=loadfile", "--no-loadscope-reorder"),
    ),
}


def main() -> int:
    """Run both phases, or pytest once with the arguments given; return the exit code."""
    if arguments := sys.argv[1:]:
        return _pytest(*arguments)
    began = time.monotonic()
    _say(f"about {MINUTES} minutes on two cores; a dot for each test, the fast ones first")
    _say(_fetches())
    _say(
        "counted as skipped are the tests that judge time or take long (marked exclusive and "
        "long) and those of containers (stack), which .ci/run runs; make accept has full figures"
    )
    codes = []
    for name, words in PHASES.items():
        _say(f"{name} ({time.monotonic() - began:.0f} s)")
        codes.append(_pytest("-q", *words))
    _say(f"{'failed' if any(codes) else 'passed'} ({time.monotonic() - began:.0f} s)")
    return max(codes)


def _fetches() -> str:
    """Return which servers this machine lacks, with the size of what is downloaded instead."""
    missing = {
        name: megabytes for name, (server, megabytes) in FETCHED_MB.items() if _is_missing(server)
    }
    if not missing:
        return "nothing is fetched: this machine has every server"
    sizes = ", ".join(f"{name} {megabytes} MB" for name, megabytes in missing.items())
    return f"once, into .cache/, what this machine lacks: {sizes}"


def _is_missing(server: KnownServer) -> bool:
    unpacked = ROOT.glob(f".cache/*/{server.packages[0]}/{server.debian_path}")
    return servers.find_server(server) is None and not any(unpacked)


def _pytest(*arguments: str) -> int:
    environment = dict(os.environ)
    if len(sys.argv) == 1:
        environment["LEAVE_OUT"] = "exclusive long stack"
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def _say(text: str) -> None:
    print(f"make test: {text}", flush=True)  # noqa: T201 - a command's output


if __name__ == "__main__":
    sys.exit(main())

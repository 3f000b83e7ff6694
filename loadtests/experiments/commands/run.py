"""Run the service, Locust's page and Prometheus until Ctrl-C.

Redis, a database and one service process start as private processes of this machine, and end
with this command. Open Locust's page to start load and to turn the knobs. Prometheus starts too
if it is on the PATH. `make run` calls this verb.

Example:
  python -m loadtests run --service-port 8100
"""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from loadtests.experiments.commands.usage import (
    HIGHEST_PORT,
    UsageError,
    Verbs,
    add_verb,
    help_text,
    whole_number,
)
from loadtests.service_under_test.urls import page_answers
from loadtests.stack.guardian import IN_CHECKOUT, ROOT, GuardedProcess, StackError
from loadtests.stack.local import LocalStack
from loadtests.stack.ports import (
    LOAD_METRICS_PORT,
    LOCUST_PORT,
    PROMETHEUS_PORT,
    SERVICE_PORT,
    SWEEP_METRICS_PORT,
    require_free,
)
from loadtests.stack.private_server import wait_until
from loadtests.stack.servers import PROMETHEUS, find_server

NAMES = {"service": "the service", "locust": "Locust's page", "prometheus": "Prometheus"}
USUAL_PORTS = {"service": SERVICE_PORT, "locust": LOCUST_PORT, "prometheus": PROMETHEUS_PORT}

_CHECK_SECONDS = 0.5
_LOCUST_READY_SECONDS = 30.0


def add_to(verbs: Verbs) -> None:
    """Declare the verb and its flags."""
    parser = add_verb(verbs, "run", __doc__, run)
    for server, usual in USUAL_PORTS.items():
        parser.add_argument(
            f"--{server}-port",
            metavar="PORT",
            default=str(usual),
            help=help_text(f"Where {NAMES[server]} listens on 127.0.0.1", f"default {usual}"),
        )
    for flag, about in {
        "--trace-folder": "A folder whose files the start form may name as trace",
        "--page-name": "A host name under which browsers open Locust's page, such as a proxy's",
    }.items():
        parser.add_argument(
            flag, action="append", default=[], metavar="VALUE", help=f"{about}; repeat for more"
        )


def run(options: argparse.Namespace, _notes: Console) -> int:
    """Run the stack until Ctrl-C or SIGTERM; return the exit code, 0.

    Raises:
        UsageError: A port is not one, or a folder is none.
        StackError: A port is taken, or a server does not start or ends by itself.
    """
    ports = {
        server: whole_number(
            f"--{server}-port", getattr(options, f"{server}_port"), _choice(server, usual)
        )
        for server, usual in USUAL_PORTS.items()
    }
    page = _page_flags(options.trace_folder, options.page_name)
    _require_free(ports)
    try:
        _run_stack(ports, page)
    except KeyboardInterrupt:
        _say("ended")
    return 0


def _page_flags(folders: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return the flags of Locust's page, which runs in a folder of its own.

    Raises:
        UsageError: A folder is none.
    """
    for folder in folders:
        if not folder or not Path(folder).is_dir():
            raise UsageError(f"--trace-folder must be a folder, got {folder!r}; create it")
    return [
        *(word for one in folders for word in ("--trace-folder", str(Path(one).resolve()))),
        *(word for one in names for word in ("--page-name", one)),
    ]


def _run_stack(ports: Mapping[str, int], page: Sequence[str]) -> None:
    stack = LocalStack(
        prometheus=True,
        http_port=ports["service"],
        prometheus_port=ports["prometheus"],
        scrape={
            "locust": [f"127.0.0.1:{ports['locust']}"],
            # A sweep that measures this service, with --service-url, listens on these two.
            "sweep": [f"127.0.0.1:{port}" for port in (SWEEP_METRICS_PORT, LOAD_METRICS_PORT)],
        },
    )
    with stack:
        locust = _start_locust(stack, ports["locust"], page)
        for line in stack.lines:
            _say(line)
        _say(f"Locust:  http://127.0.0.1:{ports['locust']}  (start load, turn the knobs)")
        if stack.prometheus_url:
            _say(f"Prometheus:  {stack.prometheus_url}")
        _say(f"try:  curl -i {stack.service_urls[0]}/fruit/1")
        _say("Ctrl-C ends everything")
        _watch({"locust": locust, **{server.name: server.process for server in stack.services}})


def _start_locust(stack: LocalStack, port: int, page: Sequence[str]) -> GuardedProcess:
    web = ["--web-host", "127.0.0.1", "--web-port", str(port)]
    target = ["--service-url", stack.service_urls[0]]
    locust = stack.guardian.start(
        "locust",
        [
            *(sys.executable, "-m", "loadtests.clean_locust"),
            *("-f", str(ROOT / "loadtests/locustfile.py"), *web, *target, *page),
        ],
    )
    url = f"http://127.0.0.1:{port}/"
    wait_until(lambda: page_answers(url), locust, "locust", _LOCUST_READY_SECONDS)
    return locust


def _watch(processes: Mapping[str, GuardedProcess]) -> None:
    """Raise StackError as soon as one of the processes ends."""
    while True:
        for name, process in processes.items():
            if (code := process.exit_code()) is not None:
                raise StackError(f"{name} ended with {code}; its log ends:\n{process.tail()}")
        time.sleep(_CHECK_SECONDS)


def _require_free(ports: Mapping[str, int]) -> None:
    for server, port in ports.items():
        if server == "prometheus" and not find_server(PROMETHEUS):
            continue
        other = port + 100 if 1024 <= port <= HIGHEST_PORT - 100 else USUAL_PORTS[server]
        require_free(port, server, _choice(server, other))


def _choice(server: str, port: int) -> str:
    """Return the words that choose a port, for this verb and for `make run`."""
    flag = f"--{server}-port {port}"
    return f"{flag} (make run {server.upper()}_PORT={port})" if IN_CHECKOUT else flag


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - stdout is for the answer

"""The local stack for a person: the service, Locust's page, Prometheus, until Ctrl-C."""

import argparse
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from loadtests.experiments.commands import trial_page
from loadtests.service_under_test.urls import page_answers
from loadtests.stack.guardian import GuardedProcess, StackError
from loadtests.stack.local import LocalStack
from loadtests.stack.ports import require_free
from loadtests.stack.private_server import wait_until
from loadtests.stack.servers import find_prometheus
from loadtests.workload.flags import USUAL_METRICS_PORT

DOORS = ("service", "locust", "prometheus")

_HIGHEST_PORT = 65_535
_LOOK_SECONDS = 0.5
_LOCUST_READY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class ForegroundPorts:
    """Where a person finds the three doors, on 127.0.0.1."""

    service: int = 8000
    locust: int = 8089
    prometheus: int = 9090


def foreground(say: Callable[[str], None], ports: ForegroundPorts | None = None) -> int:
    """Run the stack until Ctrl-C or SIGTERM.

    Args:
        say: Takes each line for the person.
        ports: Where to listen; None takes the usual ones.

    Returns:
        The exit code, 0.

    Raises:
        StackError: A port is taken, or a server does not start or ends by itself.
    """
    ports = ports or ForegroundPorts()
    _require_free(ports)
    for number in (signal.SIGTERM, signal.SIGINT):
        # A shell starts a job in the background with SIGINT ignored.
        signal.signal(number, _interrupt)
    try:
        _run(say, ports)
    except KeyboardInterrupt:
        say("ended")
    return 0


def _run(say: Callable[[str], None], ports: ForegroundPorts) -> None:
    stack = LocalStack(
        prometheus=True,
        http_port=ports.service,
        prometheus_port=ports.prometheus,
        scrape={
            "locust": [f"127.0.0.1:{ports.locust}"],
            # Of a sweep that measures this very service, with --service-url.
            "sweep": [f"127.0.0.1:{port}" for port in (trial_page.USUAL_PORT, USUAL_METRICS_PORT)],
        },
    )
    with stack:
        locust = _start_locust(stack, ports)
        for line in stack.lines:
            say(line)
        say(f"Locust:  http://127.0.0.1:{ports.locust}  (start load, turn the knobs)")
        if stack.prometheus_url:
            say(f"Prometheus:  {stack.prometheus_url}")
        say(f"try:  curl -i {stack.service_urls[0]}/fruit/1")
        say("Ctrl-C ends all of it")
        _watch({"locust": locust, **{server.name: server.process for server in stack.services}})


def _start_locust(stack: LocalStack, ports: ForegroundPorts) -> GuardedProcess:
    web = ["--web-host", "127.0.0.1", "--web-port", str(ports.locust)]
    where = ["--service-url", stack.service_urls[0]]
    locust = stack.start(
        "locust",
        [sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py", *web, *where],
    )
    url = f"http://127.0.0.1:{ports.locust}/"
    wait_until(lambda: page_answers(url), locust, "locust", _LOCUST_READY_SECONDS)
    return locust


def _watch(processes: dict[str, GuardedProcess]) -> None:
    """Look after the processes until this one is interrupted."""
    while True:
        for name, process in processes.items():
            if (code := process.exit_code()) is not None:
                raise StackError(f"{name} ended with {code}; its log ends:\n{process.tail()}")
        time.sleep(_LOOK_SECONDS)


def _require_free(ports: ForegroundPorts) -> None:
    for door in DOORS:
        if door == "prometheus" and not find_prometheus():
            continue
        port, usual = getattr(ports, door), getattr(ForegroundPorts(), door)
        other = port + 100 if 1024 <= port <= _HIGHEST_PORT - 100 else usual
        require_free(port, door, f"make run {door.upper()}_PORT={other}")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _port(door: str, text: str) -> int:
    usual = getattr(ForegroundPorts(), door)
    if not text.isdecimal() or not 1 <= int(text) <= _HIGHEST_PORT:
        raise StackError(
            f"{door.upper()}_PORT must be a whole number from 1 to {_HIGHEST_PORT}, got {text!r}; "
            f"such as make run {door.upper()}_PORT={usual}"
        )
    return int(text)


def main() -> int:
    """Run the stack on the ports of the command line; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    for door in DOORS:
        parser.add_argument(f"--{door}-port", default=str(getattr(ForegroundPorts(), door)))
    words = vars(parser.parse_args())
    try:
        ports = ForegroundPorts(**{door: _port(door, words[f"{door}_port"]) for door in DOORS})
        return foreground(lambda line: print(line, flush=True), ports)  # noqa: T201 - a command
    except StackError as error:
        print(f"run: {error}", file=sys.stderr)  # noqa: T201 - a command
        return 2


if __name__ == "__main__":
    sys.exit(main())

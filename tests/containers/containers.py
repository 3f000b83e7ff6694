"""Runs docker-compose.yml on a real engine, on other ports when the usual ones are in use."""

import json
import os
import subprocess
import time
import urllib.parse
import urllib.request

import pytest

from loadtests.stack import ports
from loadtests.stack.compose import compose_command
from loadtests.stack.guardian import StackError
from tests.dashboards.board_files import ROOT

USUAL = {
    "MYSQL_PORT": 3306,
    "REDIS_PORT": 6379,
    "SERVICE_PORT": 8000,
    "LOCUST_PORT": 8089,
    "PROMETHEUS_PORT": 9090,
    "GRAFANA_PORT": 3000,
}
TOKEN = "a-token-of-the-tests"
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def require_engine():
    """Skip the test when no engine is available; under CI=true, fail it."""
    reason = None
    try:
        compose_command()
    except StackError as error:
        reason = str(error)
    if reason is None:
        asked = subprocess.run(["docker", "version"], capture_output=True, check=False)
        reason = None if asked.returncode == 0 else "no Docker engine answers"
    if reason and os.environ.get("CI") == "true":
        pytest.fail(f"under CI=true the engine may not be missing: {reason}")
    if reason:
        pytest.skip(reason)


def usual_or_free_ports():
    """Return the usual ports if all are free and STACK_TEST_PORTS is not "private"."""
    taken = any(ports.is_taken(port) for port in (*USUAL.values(), *range(8001, 8010)))
    if not taken and os.environ.get("STACK_TEST_PORTS") != "private":
        return {name: str(port) for name, port in USUAL.items()}
    chosen = {name: str(ports.free_port()) for name in USUAL}
    first = 20_000 + os.getpid() % 10_000
    return {**chosen, "SERVICE_PORTS": f"{first}-{first + 8}"}


class Containers:
    """One stack, without the services whose image is missing; `settings` replace .env."""

    def __init__(self, settings=None, profiles=()):
        self.settings = {"CONTROL_TOKEN": TOKEN, **(settings or {})}
        self.options = [word for profile in profiles for word in ("--profile", profile)]
        self.command = compose_command()
        wanted = json.loads(self.compose("config", "--format", "json"))["services"]
        self.services = [name for name, service in wanted.items() if self._can_run(service)]
        self.absent = sorted(set(wanted) - set(self.services))

    def _can_run(self, service):
        if "build" in service:
            return True
        looked = subprocess.run(
            ["docker", "image", "inspect", service["image"]], capture_output=True, check=False
        )
        return looked.returncode == 0

    def call(self, *words, timeout=900):
        return subprocess.run(
            [*self.command, *self.options, *words],
            cwd=ROOT,
            env={**os.environ, **self.settings},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )

    def compose(self, *words):
        done = self.call(*words)
        assert done.returncode == 0, f"{words}: {done.stderr[-3000:]}"
        return done.stdout

    def up(self, *words):
        """Start everything as a user would; return how long it took, in seconds."""
        began = time.monotonic()
        self.compose("up", "--detach", *words, *self.services)
        return time.monotonic() - began

    def down(self):
        """Stop and remove everything with the README's command."""
        self.call("--profile", "*", "down", "--volumes", "--timeout", "2")

    def states(self):
        """Return the state and health of each container, by service and number."""
        lines = self.compose("ps", "--all", "--format", "json").splitlines()
        found = [json.loads(line) for line in lines]
        return {one["Name"]: (one["State"], one["Health"]) for one in found}

    def url(self, service, port, number=1):
        return f"http://{self.compose('port', '--index', str(number), service, str(port)).strip()}"

    @property
    def front(self):
        return self.url("front", 8000)

    @property
    def prometheus(self):
        return self.url("prometheus", 9090)

    @property
    def locust(self):
        return self.url("locust", 8089)


def fetch(url, data=None, headers=None, method=None):
    request = urllib.request.Request(url, data=data, headers=headers or {}, method=method)
    with _OPENER.open(request, timeout=30) as answer:
        return answer.read().decode()


def fetch_json(url, **words):
    return json.loads(fetch(url, **words))


def ask_prometheus(url, expr):
    """Return the current samples of an expression, each as (labels, value)."""
    words = urllib.parse.urlencode({"query": expr})
    answer = fetch_json(f"{url}/api/v1/query?{words}")
    return [(one["metric"], float(one["value"][1])) for one in answer["data"]["result"]]


def wait_for(what, seconds, describe="it"):
    """Call `what` until it returns a true value, and return that."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            found = what()
        except OSError:
            found = None
        if found:
            return found
        if time.monotonic() > deadline:
            pytest.fail(f"{describe} did not come within {seconds} s")
        time.sleep(0.5)


def lookups_by_result(url):
    """Return one replica's count of lookups by result."""
    text = fetch(f"{url}/metrics?name[]=cacheaside_lookups_total")
    lines = [line for line in text.splitlines() if line.startswith("cacheaside_lookups_total{")]
    return {line.split('"')[1]: float(line.rsplit(" ", 1)[1]) for line in lines}


def leftovers(project="cacheaside"):
    """Return the ids of the stack's containers, volumes and networks that still exist."""
    label = f"label=com.docker.compose.project={project}"
    found = []
    for kind, every in (("container", ["-a"]), ("volume", []), ("network", [])):
        done = subprocess.run(
            ["docker", kind, "ls", "-q", *every, "--filter", label],
            capture_output=True,
            text=True,
            check=True,
        )
        found += done.stdout.split()
    return found

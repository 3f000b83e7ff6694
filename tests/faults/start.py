"""A start with a wrong setting: a program that says why and ends, or a service that says why."""

import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field

from loadtests.service_under_test.urls import page_answers
from loadtests.stack.guardian import ROOT
from loadtests.stack.ports import free_port
from tests.drills.counts import sum_metric
from tests.integration.load.locust_load import wait_for
from tests.integration.service.service_processes import request

PATIENCE_SECONDS = 30.0
SERVICE = ("-m", "service")
OF_LOG = re.compile(r"^\[.+?\] \S+: ")
"""What Locust's log puts before each of its lines."""
TOKEN = {"CONTROL_TOKEN": "lab"}


@dataclass(frozen=True)
class Start:
    """One thing that is wrong from the start.

    Attributes:
        name: What is wrong, as the table says it.
        words: The arguments of Python; places in braces are filled from those of the stage.
        settings: The variables of its environment, likewise.
        serves: Whether the program serves all the same; otherwise it ends.
    """

    name: str
    words: tuple[str, ...] = SERVICE
    settings: dict[str, str] = field(default_factory=dict)
    serves: bool = False


@dataclass(frozen=True)
class Said:
    """How a program started.

    Attributes:
        code: The code that it ended with; None while it serves.
        words: The last line that it wrote to stderr; of one that serves, the problems of /readyz.
        results: Lookups of an id, by result.
        causes: The causes by which the service counted failures of its servers.
    """

    code: int | None
    words: str
    results: Counter[str] = field(default_factory=Counter)
    causes: tuple[str, ...] = ()


def started(start: Start, places: dict[str, object]) -> Said:
    """Start it, and return what it said."""
    port = free_port()
    settings = {name: text.format(**places) for name, text in start.settings.items()}
    words = [word.format(**places) for word in start.words]
    with subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT,
        env={**os.environ, "PORT": str(port), **TOKEN, **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        try:
            if start.serves:
                return _of_service(f"http://127.0.0.1:{port}")
            stderr = program.communicate(timeout=PATIENCE_SECONDS)[1]
            assert "Traceback" not in stderr
            return Said(program.returncode, OF_LOG.sub("", stderr.splitlines()[-1]))
        finally:
            program.terminate()


def _of_service(url: str) -> Said:
    wait_for(lambda: page_answers(f"{url}/livez"), PATIENCE_SECONDS)
    results = Counter(request(url, "GET", "/fruit/1").result for _ in range(3))
    token = {"Authorization": f"Bearer {TOKEN['CONTROL_TOKEN']}"}
    checks = request(url, "GET", "/readyz", **token).json["checks"]
    problems = "; ".join(f"{name}: {said}" for name, said in checks.items() if said != "ok")
    causes = sum_metric([url], "cacheaside_failures_total", "cause")
    return Said(None, problems, results, tuple(sorted(causes)))

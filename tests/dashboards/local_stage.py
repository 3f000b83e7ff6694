"""The evening on the local stack: private processes, and Prometheus in both versions."""

import json
import sys
import urllib.request
from pathlib import Path

from loadtests.service_under_test.urls import page_answers
from loadtests.stack.guardian import ROOT
from loadtests.stack.local import LocalStack
from loadtests.stack.private_server import wait_until
from tests.dashboards.evening import ITEMS, RATE

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class LocalStage:
    """Implements the evening's Stage."""

    def __init__(self, stack: LocalStack, folder: Path, metrics_port: int) -> None:
        self.stack = stack
        self.folder = folder
        self._metrics_port = metrics_port
        self._load = None

    def turn(self, **knobs: object) -> None:
        request = urllib.request.Request(
            f"{self.stack.service_urls[0]}/control/settings",
            data=json.dumps(knobs).encode(),
            headers={"Content-Type": "application/json"},
            method="PATCH",
        )
        with _OPENER.open(request, timeout=10):
            pass

    def start_load(self, *scenarios: str) -> None:
        words = ["--rate", RATE, "--items", ITEMS, "--skew", 0.99, "--hot-traffic-ratio", 0.3]
        words += ["--write-ratio", 0.3, "--think-seconds", 0.2]
        processes = ["--processes", 2] if len(scenarios) > 1 else []
        self._start("-".join(scenarios), [*processes, *words, *scenarios], len(scenarios))

    def start_replay(self) -> None:
        trace = self.folder / "trace.txt"
        trace.write_text("\n".join(str(1 + number % 50) for number in range(2000)))
        words = ["--rate", 40, "--max-in-flight", 1, "--max-wait-seconds", 0.2, "--trace", trace]
        self._start("replay", [*words, "TraceReplay"], 1)

    def _start(self, name: str, words: list[object], users: int) -> None:
        (self.folder / name).mkdir()
        self._load = self.stack.guardian.start(
            name,
            [
                *(sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py", "--headless"),
                *("--service-url", self.stack.service_urls[0], "--seed", "7"),
                *("--metrics-port", str(self._metrics_port), "--record", self.folder / name),
                *("--users", str(users), "--spawn-rate", "100"),
                *(str(word) for word in words),
            ],
        )
        url = f"http://127.0.0.1:{self._metrics_port}/metrics"
        wait_until(lambda: page_answers(url), self._load, name, 60)

    def stop_load(self) -> None:
        self._load.stop()

    def stop(self, server: str) -> None:
        self._server(server).stop()

    def start(self, server: str) -> None:
        self._server(server).restart()

    def _server(self, name: str):
        return {"redis": self.stack.redis, "store": self.stack.database}[name]


RULES = ROOT / "dashboards" / "prometheus" / "rules.yml"

"""Evaluates queries as Grafana would, through the API of a real Prometheus."""

import json
import math
import os
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field

from tests.dashboards.board_files import Query, fill_variables, selector_of

STEP_SECONDS = 5
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Series:
    """One line of a panel: its labels and its points of (unix seconds, value)."""

    labels: dict[str, str]
    points: list[tuple[float, float]] = field(default_factory=list)

    @property
    def values(self) -> list[float]:
        return [value for _, value in self.points]

    def at(self, moment: float) -> float:
        """Return the value of the last point up to a moment."""
        return [value for when, value in self.points if when <= moment][-1]


class PrometheusApi:
    """One Prometheus server."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, path: str, **words: object) -> list[dict]:
        data = urllib.parse.urlencode(words).encode()
        try:
            with _OPENER.open(f"{self.url}/api/v1/{path}", data=data, timeout=60) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{words.get('query')}: {error.read().decode()}") from error

    def version(self) -> str:
        with _OPENER.open(f"{self.url}/api/v1/status/buildinfo", timeout=10) as answer:
            return json.load(answer)["data"]["version"]

    def cpu_seconds(self) -> float:
        """Return the processor time that the server has used."""
        with _OPENER.open(f"{self.url}/metrics", timeout=10) as answer:
            page = answer.read().decode()
        return float(re.search(r"^process_cpu_seconds_total (\S+)", page, re.MULTILINE)[1])

    def instant(self, expr: str, at: float) -> list[Series]:
        found = self.ask("query", query=expr, time=at)["result"]
        return [Series(one["metric"], [_point(one["value"])]) for one in found]

    def curve(self, expr: str, start: float, end: float, step: int = STEP_SECONDS) -> list[Series]:
        # Grafana aligns the steps.
        start, end = (moment - moment % step for moment in (start, end))
        found = self.ask("query_range", query=expr, start=start, end=end, step=step)
        return [Series(one["metric"], list(map(_point, one["values"]))) for one in found["result"]]

    def evaluate(self, query: Query, start: float, end: float) -> list[Series]:
        """Return what Grafana gets for a query of a dashboard in that time range.

        A headline is evaluated at every step, as it was shown from moment to moment.
        """
        if query.kind == "variable":
            selector, label = selector_of(query.expr)
            ranged = f"{fill_variables(selector)}[{_span(start, end)}]"
            return self.instant(f"group by ({label}) (last_over_time({ranged}))", end)
        expr = fill_variables(query.expr, int(end - start), query.min_step_seconds)
        return self.instant(expr, end) if query.of_the_range else self.curve(expr, start, end)


def is_number(series: Series) -> bool:
    """Return whether no point is NaN or infinite."""
    return all(math.isfinite(value) for value in series.values)


def moves(found: list[Series], start: float, end: float) -> bool:
    """Return whether a value changed, or a line appeared or vanished with its source."""
    return any(
        max(one.values) > min(one.values)
        or one.points[0][0] > start + 15
        or one.points[-1][0] < end - 15
        for one in found
    )


def _point(pair: tuple[float, str]) -> tuple[float, float]:
    return float(pair[0]), float(pair[1])


def _span(start: float, end: float) -> str:
    return f"{math.ceil(end - start)}s"


class ContainedPrometheus:
    """Runs Prometheus from an image on the machine's own network; a context manager.

    Args:
        image: Name of the image.
        configuration: The contents of prometheus.yml.
        rules: Path of the rules file.
        port: TCP port of 127.0.0.1 to listen on.
        folder: Where prometheus.yml is written.
    """

    def __init__(self, image, configuration, rules, port, folder):
        self.api = PrometheusApi(f"http://127.0.0.1:{port}")
        file = folder / "prometheus.yml"
        file.write_text(json.dumps({**configuration, "rule_files": ["/rules.yml"]}))
        self._command = [
            *("docker", "run", "--rm", "--detach", "--network=host", f"--user={os.getuid()}"),
            *("--tmpfs=/prometheus", f"--volume={file}:/prometheus.yml:ro"),
            # The timeout ends the container when the test cannot.
            *(f"--volume={rules}:/rules.yml:ro", "--entrypoint=timeout", image, "900"),
            *("/bin/prometheus", "--config.file=/prometheus.yml"),
            *("--storage.tsdb.path=/prometheus", f"--web.listen-address=127.0.0.1:{port}"),
        ]

    def __enter__(self):
        started = subprocess.run(self._command, capture_output=True, text=True, check=True)
        self._container = started.stdout.strip()
        return self

    def __exit__(self, *_):
        subprocess.run(["docker", "kill", self._container], capture_output=True, check=False)

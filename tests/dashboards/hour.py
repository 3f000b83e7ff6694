"""An hour of data made of a shorter evening, which a Prometheus of its own serves."""

import contextlib
import math
import subprocess
import time
import urllib.error
from collections.abc import Iterable, Iterator
from pathlib import Path

from loadtests.stack.ports import free_port
from tests.dashboards.board_files import SCRAPE_SECONDS, Query, all_queries, fill_variables
from tests.dashboards.evaluation import PrometheusApi

HOUR = 3600
REPETITIONS = 5
# Of raw samples that are asked for at once, because an answer is bounded.
PIECE_SECONDS = 60


def write_hour(api: PrometheusApi, start: float, end: float, file: Path) -> None:
    """Write what *api* has between two moments, repeated over the hour before *end*.

    A counter begins anew in each copy, which costs a query as much as any other value.
    """
    length = end - start
    with file.open("w", encoding="utf-8") as lines:
        for series, samples in _samples(api, start, end):
            for copy in range(math.ceil(HOUR / length) - 1, -1, -1):
                lines.writelines(
                    f"{series} {value} {moment - copy * length:.3f}\n" for moment, value in samples
                )
        lines.write("# EOF\n")


@contextlib.contextmanager
def served(file: Path, prometheus: str, promtool: str) -> Iterator[PrometheusApi]:
    """Yield a Prometheus that has what stands in *file* and scrapes nothing."""
    data = file.with_suffix("")
    words = ["tsdb", "create-blocks-from", "openmetrics", str(file), str(data)]
    subprocess.run([promtool, *words], check=True, capture_output=True)
    configuration = file.with_suffix(".yml")
    configuration.write_text("", encoding="utf-8")
    port = free_port()
    words = [f"--config.file={configuration}", f"--storage.tsdb.path={data}"]
    words += ["--storage.tsdb.retention.time=10y", f"--web.listen-address=127.0.0.1:{port}"]
    with subprocess.Popen(
        [prometheus, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            yield _ready(PrometheusApi(f"http://127.0.0.1:{port}"))
        finally:
            server.terminate()


def _samples(
    api: PrometheusApi, start: float, end: float
) -> Iterator[tuple[str, list[tuple[float, str]]]]:
    """Yield each series as text, with its raw samples."""
    found: dict[str, list[tuple[float, str]]] = {}
    moment = start
    while moment < end:
        until = min(moment + PIECE_SECONDS, end)
        query = f'{{__name__=~".+"}}[{int(until - moment)}s]'
        for one in api.ask("query", query=query, time=until)["result"]:
            labels = dict(one["metric"])
            name = labels.pop("__name__")
            text = ",".join(f'{label}="{value}"' for label, value in labels.items())
            found.setdefault(f"{name}{{{text}}}", []).extend(map(tuple, one["values"]))
        moment = until
    yield from found.items()


def _ready(api: PrometheusApi) -> PrometheusApi:
    deadline = time.monotonic() + 60
    while True:
        try:
            api.version()
        except (OSError, urllib.error.URLError):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        else:
            return api


def board_cost(api: PrometheusApi, board: str, end: float) -> float:
    """Return the milliseconds of processor time that all queries of a board take, once each."""
    queries = [query for query in all_queries() if query.board == board]
    _ask_all(api, queries, end)
    before = api.cpu_seconds()
    for _ in range(REPETITIONS):
        _ask_all(api, queries, end)
    return (api.cpu_seconds() - before) / REPETITIONS * 1000


def _ask_all(api: PrometheusApi, queries: Iterable[Query], end: float) -> None:
    for query in queries:
        if query.instant:
            api.instant(fill_variables(query.expr, HOUR), end)
        elif query.most_points and HOUR / query.most_points > SCRAPE_SECONDS:
            step = round(HOUR / query.most_points)
            expr = query.expr.replace("$__rate_interval", f"{step + SCRAPE_SECONDS}s")
            api.curve(fill_variables(expr, HOUR), end - HOUR, end, step)
        else:
            # As many as a window of 1920 px has room for.
            api.evaluate(query, end - HOUR, end)

"""Play the same flash sale under every protection, and once without Redis, and keep it to look at.

Everybody wants the same item for a third of a minute, while its entry lives for two seconds and a
read of the store takes a tenth of one. It is played under none, single-flight, lease, early and
stale, and once more while Redis is dead. A line tells how each went, and how busy the machine was.
Prometheus keeps all of it until Ctrl-C, for the dashboards; docs/evening.md tells the story.

Examples:
  python -m loadtests evening --seconds 30
  python -m loadtests evening --document docs/evening.md
"""

import argparse
import math
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from loadtests.experiments.commands.acts.act_outcome import (
    BEGIN,
    HEADINGS,
    Outcome,
    conditions_text,
    has_place,
    line_text,
    write_table,
)
from loadtests.experiments.commands.acts.processors import Processors
from loadtests.experiments.commands.usage import (
    UsageError,
    Verbs,
    add_verb,
    help_text,
    make_output_folder,
    whole_number,
)
from loadtests.experiments.plan.load import Load
from loadtests.experiments.trial.locust_process import LocustLoad
from loadtests.sender.samples import read_samples
from loadtests.service_under_test.client import ServiceClient
from loadtests.service_under_test.contract import Knob
from loadtests.stack.local import LocalStack
from loadtests.stack.ports import LOAD_METRICS_PORT, PROMETHEUS_PORT, SERVICE_PORT

LONGEST_SECONDS = 600
SEED = 7
RATE = 40.0
# How long the machine is watched before anything is sent.
CALM_SECONDS = 5.0
# The second third of an act is the sale, and as long is Redis dead in the last act.
SALE_SHARE = 1 / 3
KNOBS: Mapping[str, Knob] = {
    "ttl_seconds": 2.0,
    "stale_seconds": 2.0,
    "store_delay_seconds": 0.1,
    "shadow_ratio": 0.1,
}


@dataclass(frozen=True, slots=True)
class Act:
    """One sale: its name, the protection, and whether Redis dies at its height."""

    name: str
    protection: str
    kills_redis: bool = False


ACTS = (
    *(Act(name, name) for name in ("none", "single-flight", "lease", "early", "stale")),
    Act("Redis dead", "single-flight", kills_redis=True),
)


def add_to(verbs: Verbs) -> None:
    """Declare the verb and its flags."""
    parser = add_verb(verbs, "evening", __doc__, run)
    parser.add_argument(
        "--seconds",
        default="60",
        help=help_text("Length of each of the six acts", "default 60"),
    )
    for server, usual in (("service", SERVICE_PORT), ("prometheus", PROMETHEUS_PORT)):
        parser.add_argument(
            f"--{server}-port",
            metavar="PORT",
            default=str(usual),
            help=help_text(f"Where {server} listens on 127.0.0.1", f"default {usual}"),
        )
    parser.add_argument(
        "--output",
        metavar="DIR",
        help="New or empty folder for the records (default results/evening-DATE-TIME)",
    )
    parser.add_argument(
        "--document",
        metavar="FILE",
        help="Markdown file whose table of the evening is written anew",
    )


def run(options: argparse.Namespace, notes: Console) -> int:
    """Play all acts, then wait for Ctrl-C; return the exit code.

    Raises:
        UsageError: A number is out of range, the folder is not writable, or the document has no
            place for the table.
        StackError: A server does not start.
        LoadError: The load generator failed.
    """
    seconds = whole_number("--seconds", options.seconds, "60", LONGEST_SECONDS)
    ports = {
        server: whole_number(f"--{server}-port", getattr(options, f"{server}_port"), str(usual))
        for server, usual in (("service", SERVICE_PORT), ("prometheus", PROMETHEUS_PORT))
    }
    document = Path(options.document) if options.document else None
    if document and not has_place(document):
        raise UsageError(f"--document {document} has no line {BEGIN.strip()} to write after")
    folder = make_output_folder(options.output, "evening")
    stack = LocalStack(
        service_processes=2,
        prometheus=True,
        http_port=ports["service"],
        prometheus_port=ports["prometheus"],
        scrape={"locust": [f"127.0.0.1:{LOAD_METRICS_PORT}"]},
    )
    with stack:
        for line in stack.lines:
            notes.print(line)
        outcomes = []
        processors = Processors()
        time.sleep(CALM_SECONDS)
        calm = processors.busy_ratio()
        _say(line_text("", HEADINGS))
        with ServiceClient(stack.service_urls, stack.control_token) as client:
            for act in ACTS:
                outcomes.append(_play(act, seconds, stack, client, folder))
                _say(line_text(act.name, outcomes[-1].cells()))
        _say(conditions_text(calm))
        if document:
            write_table(document, outcomes, calm)
        _say(f"Prometheus keeps the evening: {stack.prometheus_url}  (Ctrl-C ends everything)")
        _wait_for_interrupt()
    return 0


def _play(
    act: Act, seconds: int, stack: LocalStack, client: ServiceClient, folder: Path
) -> Outcome:
    """Play one act and return how it went."""
    client.set_knobs({**KNOBS, "protection": act.protection})
    client.clear_cache()
    before = client.counters()
    record = folder / act.name.replace(" ", "-")
    record.mkdir()
    load = LocustLoad(
        stack.guardian, stack.service_urls, stack.control_token, metrics_host="127.0.0.1"
    ).start(_sale(seconds), SEED, record)
    load.started_at()
    outage = threading.Thread(target=_lose_redis, args=(stack, seconds), daemon=True)
    if act.kills_redis:
        outage.start()
    processors = Processors()
    time.sleep(seconds)
    busy_ratio = processors.busy_ratio()
    summary = load.stop()
    if act.kills_redis:
        outage.join()
    counts = client.counters().since(before)
    response = np.sort(read_samples(record)["response"])
    p99 = float(response[math.ceil(0.99 * response.size) - 1]) if response.size else None
    unanswered = counts.lookups["error"] + summary["failed"]
    return Outcome(act.name, counts, p99, unanswered, busy_ratio)


def _sale(seconds: int) -> Load:
    """Return the load of one act: calm, the sale, calm."""
    flags = {
        "rate": RATE,
        "items": 50,
        "shape": "spike",
        "shape_peak": 6.0,
        "shape_period_seconds": seconds * 2 * SALE_SHARE,
        "spike_seconds": seconds * SALE_SHARE,
    }
    return Load(RATE, "poisson", None, 0, flags)


def _lose_redis(stack: LocalStack, seconds: int) -> None:
    """Stop Redis for the second third of an act."""
    time.sleep(seconds * SALE_SHARE)
    stack.redis.stop()
    time.sleep(seconds * SALE_SHARE)
    stack.redis.restart()


def _wait_for_interrupt() -> None:
    while True:
        time.sleep(1.0)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - stdout is for the answer

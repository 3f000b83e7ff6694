"""Ten unlike workloads, each measured at the TTL that was recommended for it; takes ten minutes."""

from functools import partial

import pytest

from tests.drills.drill_report import print_figure
from tests.integration.verb_answers import answer_of_verb

pytestmark = [pytest.mark.accept, pytest.mark.usefixtures("require_servers")]

TTLS = "0.25,0.5,1,2,3,4"
RATE = 150
REPETITIONS = 2
# Two short trials know their hit ratio to about this much.
TOLERANCE = 0.01

WORKLOADS = {
    # Traffic and knobs; the hit ratio wanted at least, the reads of the store a second at most.
    "uniform": ("--popularity uniform --items 200", 0.4, 90),
    "zipf": ("--items 1000 --skew 0.99", 0.5, 75),
    "steep zipf": ("--items 1000 --skew 1.4", 0.75, 38),
    "flat zipf": ("--items 500 --skew 0.6", 0.35, 98),
    "hot set": ("--popularity hotset --items 400", 0.6, 60),
    "ids that are asked for once": ("--items 300 --one-hit-ratio 0.2", 0.45, 83),
    "ids that do not exist": (
        "--items 300 --missing-ratio 0.2 --missing-items 50 --negative-ttl-seconds 0.5",
        0.55,
        68,
    ),
    "stale while one refreshes": (
        "--items 300 --protection stale --stale-seconds 1",
        0.75,
        70,
    ),
    "spread TTLs": ("--items 300 --ttl-jitter-ratio 0.3", 0.55, 68),
    "a slow store": ("--items 200 --store-delay-seconds 0.05", 0.6, 60),
}


run_json = partial(answer_of_verb, timeout_seconds=600)


def test_recommended_ttls_keep_their_bounds_when_they_are_measured(tmp_path):
    print_figure("workload                     TTL s  wanted  measured  reads/s at most  measured")
    missed = []
    for number, (name, (flags, ratio, reads)) in enumerate(WORKLOADS.items()):
        load = ["--rate", str(RATE), *flags.split()]
        bounds = ["--min-hit-ratio", str(ratio), "--max-store-rate", str(reads)]
        ttl = run_json("recommend", "--ttl", TTLS, *load, *bounds)["smallest_ttl_seconds"]
        trials = run_json(
            *("sweep", "--ttl", str(ttl), "--repetitions", str(REPETITIONS), *load),
            *("--seed", "7", "--output", str(tmp_path / str(number))),
        )["trials"]
        measured = sum(trial["hit_ratio"] for trial in trials) / REPETITIONS
        read = sum(trial["store_queries_per_second"] for trial in trials) / REPETITIONS
        print_figure(f"{name:28} {ttl:5g} {ratio:7.2f} {measured:9.4f} {reads:16} {read:9.1f}")
        if measured < ratio - TOLERANCE or read > reads + TOLERANCE * RATE:
            missed.append(name)

    assert missed == []

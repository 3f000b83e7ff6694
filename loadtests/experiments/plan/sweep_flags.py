"""What a plan may say beside load flags and knobs: the scenario, and the memory of Redis."""

from loadtests.workload.flags import Flag
from loadtests.workload.scenario import SCENARIOS

OPEN_SCENARIOS = tuple(
    name
    for name, scenario in SCENARIOS.items()
    if not scenario.closed_loop and not scenario.trace_only
)
POLICIES = (
    *("allkeys-lru", "allkeys-lfu", "allkeys-random"),
    *("volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "noeviction"),
)
MEMORY = ("maxmemory_entries", "maxmemory_policy")
"""What a plan may set of the Redis that a sweep starts."""

SWEEP_FLAGS = (
    Flag(
        "scenario",
        "ReadHeavy",
        "What is sent, as in Locust; ReadWrite where writes are asked for.",
        choices=OPEN_SCENARIOS,
    ),
    Flag(
        "maxmemory-entries",
        0,
        "How many entries fit into Redis' maxmemory; 0: no limit. Private stack only.",
        0,
        100_000_000,
        "entries",
    ),
    Flag(
        "maxmemory-policy",
        "allkeys-lru",
        "What Redis evicts when its memory is full.",
        choices=POLICIES,
    ),
)

"""The fields of the start form in groups, the common ones first, each with its explanation."""

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from loadtests.workload.flags import LOAD_FLAGS
from loadtests.workload.knob_flags import KNOB_FLAGS
from loadtests.workload.load_settings import EDITABLE

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Common": (
        *("scenario", "rate", "items", "popularity", "skew"),
        *("ttl_seconds", "protection", "store_delay_seconds", "write_ratio", "seed"),
    ),
    "Rate over time": (
        *("arrivals", "shape", "shape_peak", "shape_period_seconds", "spike_seconds"),
        *("requests", "think_seconds", "max_in_flight", "max_wait_seconds"),
    ),
    "Which ids": (
        *("hot_traffic_ratio", "hot_items_ratio", "slide_per_second", "hot_key"),
        *("missing_ratio", "missing_items", "one_hit_ratio", "one_hit_items"),
        *("preset", "trace", "trace_times"),
    ),
    "More of the cache": (
        *("cache_at_start", "ttl_jitter_ratio", "negative_ttl_seconds", "early_beta"),
        *("stale_seconds", "invalidation", "fencing", "shadow_ratio"),
        *("near_seconds", "near_entries"),
    ),
}
"""Title and fields of each group; the first one is open."""

HELP = {
    "user_count": (
        "How many arrival streams share the rate: more users do not send more. Only in scenario"
        " ClosedLoop each user is a client of its own."
    ),
    "spawn_rate": "Streams that start each second; the load begins once all have started.",
    "host": "URL of the service; several replicas with commas between them.",
    "scenario": (
        "ReadHeavy only looks up; ReadWrite also writes; HotKey asks for one key most often;"
        " MissingIds also asks for ids that do not exist; TraceReplay replays a trace; ClosedLoop"
        " waits for each answer."
    ),
    **{flag.key: flag.help for flag in (*LOAD_FLAGS, *KNOB_FLAGS)},
}
"""The explanation of each field."""

Options = Mapping[str, dict[str, Any]]


def form_options(offered: Options, chosen: Namespace) -> dict[str, dict[str, Any]]:
    """Return Locust's fields of the form in the order of the groups.

    Args:
        offered: As Locust makes them; the explanation that it would put into each label is left
            out, because labels are cut off.
        chosen: The values that the last start or edit chose, which the fields show.
    """
    keys = [key for keys in GROUPS.values() for key in keys]
    ordered = sorted(offered, key=lambda key: keys.index(key) if key in keys else len(keys))
    return {
        key: {**offered[key], "default_value": getattr(chosen, key), "help_text": None}
        for key in ordered
    }


def form_guide() -> dict[str, Any]:
    """Return what the script of the form needs: groups, explanations, what an edit may change."""
    return {
        "groups": [{"title": title, "keys": keys} for title, keys in GROUPS.items()],
        "help": HELP,
        "editable": [*EDITABLE, *(flag.key for flag in KNOB_FLAGS)],
    }

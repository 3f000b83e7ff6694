"""What a measurement needs to stay as it is: knobs, processes, Redis' memory, the clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from loadtests.service_under_test.contract import Knob
from loadtests.service_under_test.counters import Counts, metric_samples

CLEARED = "DELETE /control/cache"
WRITES = ("PUT /fruit/<id>", "DELETE /fruit/<id>")
PROCESS_START = "process_start_time_seconds"
HTTP_REQUESTS = "cacheaside_http_requests_total"
LOAD_SECONDS = "cacheaside_store_query_duration_seconds"

CONDITION_METRICS = (PROCESS_START, HTTP_REQUESTS, f"{LOAD_SECONDS}_sum", f"{LOAD_SECONDS}_count")
"""The samples of /metrics that `parse_conditions` reads."""

_FIRST_FAILURE = 400


@dataclass(frozen=True, slots=True)
class ServiceConditions:
    """The service at one moment; counts are summed over its processes.

    Attributes:
        knobs: The knobs in force.
        knobs_version: Raised by every change of the knobs; None if the service gives none.
        process_starts: When each process started, in unix seconds.
        changes: Successful requests that change entries, by "METHOD route".
        loads: Loads that have ended.
        load_seconds: Their durations, added up.
    """

    knobs: Mapping[str, Knob]
    knobs_version: int | None
    process_starts: Sequence[float]
    changes: Counts
    loads: int
    load_seconds: float


@dataclass(frozen=True, slots=True)
class RedisConditions:
    """Redis at one moment.

    Attributes:
        run_id: Differs after every start of the server.
        evicted_keys: Keys deleted for want of memory since then.
        expired_keys: Keys deleted at their expiry since then.
        connected_clients: Open connections.
    """

    run_id: str
    evicted_keys: int
    expired_keys: int
    connected_clients: int


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions of a measurement at one moment.

    Attributes:
        at: Unix seconds.
        clock_offset: What the wall clock shows more than the monotonic clock, in seconds.
        service: The service.
        redis: Its Redis; None if it cannot be read.
        load_average: Processes of this machine that ran or wanted to, over the last minute; None
            if unknown.
    """

    at: float
    clock_offset: float
    service: ServiceConditions
    redis: RedisConditions | None
    load_average: float | None = None

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return what `dataclasses.asdict` was made of."""
        redis = values["redis"]
        return cls(
            values["at"],
            values["clock_offset"],
            ServiceConditions(**values["service"]),
            None if redis is None else RedisConditions(**redis),
            values.get("load_average"),
        )


def parse_conditions(
    pages: Sequence[str], knobs: Mapping[str, Knob], version: int | None
) -> ServiceConditions:
    """Return the conditions that several processes' /metrics pages show.

    Raises:
        ValueError: A page is not in the format of Prometheus.
    """
    starts: list[float] = []
    changes = dict.fromkeys((*WRITES, CLEARED), 0)
    loads, seconds = 0, 0.0
    for sample in metric_samples(pages):
        labels = sample.labels
        request = f"{labels.get('method')} {labels.get('route')}"
        if sample.name == PROCESS_START:
            starts.append(sample.value)
        elif sample.name == f"{LOAD_SECONDS}_count" and labels["op"] == "select":
            loads += int(sample.value)
        elif sample.name == f"{LOAD_SECONDS}_sum" and labels["op"] == "select":
            seconds += sample.value
        elif request in changes and int(labels["status"]) < _FIRST_FAILURE:
            changes[request] += int(sample.value)
    return ServiceConditions(knobs, version, starts, changes, loads, seconds)

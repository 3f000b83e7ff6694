"""The load flags of one run, validated together."""

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from loadtests.service_under_test.contract import Knob
from loadtests.service_under_test.urls import names_server
from loadtests.target.own_service import Target
from loadtests.traffic.rate_shape import Shape
from loadtests.traffic.trace import Trace, TraceError
from loadtests.workload.flags import KEPT_CACHE, LOAD_FLAGS, NO_PRESET, FlagError
from loadtests.workload.knob_flags import knobs_from
from loadtests.workload.presets import PRESETS
from loadtests.workload.target_flags import check_load, items_of, redis_of, target_from
from loadtests.workload.trace_of_target import read_trace_for

DEFAULT_URL = "http://127.0.0.1:8000"

EDITABLE = (
    *("rate", "arrivals", "popularity", "skew"),
    *("hot_traffic_ratio", "hot_items_ratio", "slide_per_second"),
)
"""The load flags that may change during a run."""


@dataclass(frozen=True)
class LoadSettings:
    """The load flags of a run; `flags.LOAD_FLAGS` has the meaning and unit of each one.

    Attributes:
        service_urls: Base URL of each replica of the service.
        knobs: Set on the service before the run; other knobs stay as they are. Of a target they
            hold its TTL, if that was told.
        target: A service of one's own; None for ours.
        redis_url: Redis of the target; "" if that is not told.
    """

    service_urls: tuple[str, ...]
    rate: float
    arrivals: str
    shape: str
    shape_peak: float
    shape_period_seconds: float
    spike_seconds: float
    popularity: str
    items: int
    skew: float
    hot_traffic_ratio: float
    hot_items_ratio: float
    slide_per_second: float
    hot_key: int
    seed: int
    trace: str
    trace_times: str
    write_ratio: float
    missing_ratio: float
    missing_items: int
    one_hit_ratio: float
    one_hit_items: int
    think_seconds: float
    max_in_flight: int
    max_wait_seconds: float
    requests: int
    cache_at_start: str
    record: str
    preset: str
    knobs: Mapping[str, Knob]
    target: Target | None = None
    redis_url: str = ""

    @property
    def editable(self) -> dict[str, float | str]:
        """The load flags that may change during the run, by name."""
        return {name: getattr(self, name) for name in EDITABLE}

    @property
    def rate_shape(self) -> Shape:
        """How the rate moves over the run."""
        return Shape(self.shape, self.shape_peak, self.shape_period_seconds, self.spike_seconds)

    @property
    def keys_told_by(self) -> str:
        """Who counts the hits and misses of a target, in words; "" if nobody does."""
        if self.target is not None and self.target.counters is not None:
            return "the target's counters"
        return "Redis' INFO" if self.redis_url else ""

    def read_trace(self) -> Trace | None:
        """Return the trace to replay; None without one.

        Raises:
            FlagError: The trace cannot be read, or lacks the times that --trace-times needs.
        """
        if not self.trace:
            return None
        try:
            trace = read_trace_for(self.trace, self.target)
        except TraceError as error:
            raise FlagError(str(error)) from None
        if self.trace_times == "yes" and trace.times is None:
            raise FlagError(
                f"trace-times must be no for trace {self.trace}, got 'yes'; its lines have no times"
            )
        return trace


def settings_from(options: Namespace) -> LoadSettings:
    """Build the settings from Locust's parsed options.

    A preset overrides skew and write ratio, and the TTL unless the options set one.

    Raises:
        FlagError: Two values do not go together, or a URL or directory will not do.
    """
    names = {flag.key for flag in LOAD_FLAGS}
    values = {name: getattr(options, name) for name in names}
    knobs = knobs_from(options)
    target = target_from(options)
    if target is not None:
        check_load(target, values, knobs)
        values |= {"items": items_of(target, values["items"]), "cache_at_start": KEPT_CACHE}
    if values["preset"] != NO_PRESET:
        preset = PRESETS[values["preset"]]
        values |= {"skew": preset.skew, "write_ratio": preset.write_ratio}
        published: dict[str, Knob] = {"ttl_seconds": preset.ttl_seconds}
        published["ttl_jitter_ratio"] = preset.ttl_jitter_ratio
        knobs = published | knobs
    urls = target.origins if target else _urls(options)
    redis_url = redis_of(options, target)
    settings = LoadSettings(
        service_urls=urls, knobs=knobs, target=target, redis_url=redis_url, **values
    )
    if settings.shape == "spike" and settings.spike_seconds >= settings.shape_period_seconds:
        raise FlagError(
            f"spike-seconds must be less than shape-period-seconds"
            f" ({settings.shape_period_seconds:g}), got '{settings.spike_seconds:g}';"
            " shorten the spike"
        )
    if settings.missing_ratio + settings.one_hit_ratio > 1:
        raise FlagError(
            f"one-hit-ratio must be at most 1 less missing-ratio ({settings.missing_ratio:g}),"
            f" got '{settings.one_hit_ratio:g}'; lower one of them"
        )
    _make_record_directory(settings.record)
    return settings


def _urls(options: Namespace) -> tuple[str, ...]:
    given = options.service_url or (options.host or DEFAULT_URL).split(",")
    urls = tuple(url.strip().rstrip("/") for url in given if url.strip())
    for url in urls:
        if not names_server(url):
            raise FlagError(
                f"service-url must be http://host:port, got {url!r}; such as {DEFAULT_URL}"
            )
    return urls or (DEFAULT_URL,)


def _make_record_directory(record: str) -> None:
    if not record:
        return
    try:
        Path(record).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FlagError(
            f"record must be a directory that can be written, got {record!r}: {error.strerror};"
            " choose another"
        ) from None

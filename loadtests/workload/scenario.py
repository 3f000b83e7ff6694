"""What a scenario does, and what a run is asked to send: settings, trace and popularities."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from loadtests.target.own_service import Target
from loadtests.traffic.hot_key import HotKey
from loadtests.traffic.hot_set import HotSet
from loadtests.traffic.in_order import Latest, Scan
from loadtests.traffic.outside_ids import OutsideIds, WithOutsideIds
from loadtests.traffic.popularity import Popularity
from loadtests.traffic.trace import Trace, TracePopularity
from loadtests.traffic.zipf import Zipf
from loadtests.workload.flags import FlagError
from loadtests.workload.load_settings import LoadSettings

DEFAULT_MISSING_RATIO = 0.5
"""Share of missing ids in scenario MissingIds if --missing-ratio is 0."""


@dataclass(frozen=True)
class Scenario:
    """The behaviour of one User class of the locustfile.

    Attributes:
        hot_key: Whether --hot-traffic-ratio of its lookups go to --hot-key.
        missing: Whether it asks for missing ids even if --missing-ratio is 0.
        trace_only: Whether it requires a trace.
        writes: Whether --write-ratio of its requests are writes, and its reads are judged for
            staleness.
        closed_loop: Whether each user waits for its answer and thinks before the next request.
    """

    hot_key: bool = False
    missing: bool = False
    trace_only: bool = False
    writes: bool = False
    closed_loop: bool = False

    def popularity(self, settings: LoadSettings, trace: Trace | None) -> Popularity:
        """Build its popularity.

        Raises:
            FlagError: It requires a trace and there is none.
        """
        if trace is not None:
            return TracePopularity(trace.ids)
        if self.trace_only:
            raise FlagError("trace must be a file of ids to replay, got ''; give --trace a path")
        keys = _known_keys(settings)
        if self.hot_key:
            ratio = settings.hot_traffic_ratio
            keys = HotKey(keys, settings.hot_key, ratio, settings.rate_shape, settings.seed)
        outside = self._outside(settings)
        if outside.missing_ratio or outside.one_hit_ratio:
            keys = WithOutsideIds(keys, outside, settings.seed)
        if settings.shape == "spike":
            keys = HotKey(keys, settings.hot_key, None, settings.rate_shape, settings.seed)
        return keys

    def _outside(self, settings: LoadSettings) -> OutsideIds:
        missing = settings.missing_ratio
        if self.missing and not missing:
            missing = min(DEFAULT_MISSING_RATIO, 1.0 - settings.one_hit_ratio)
        return OutsideIds(
            missing, settings.missing_items, settings.one_hit_ratio, settings.one_hit_items
        )


SCENARIOS: Mapping[str, Scenario] = {
    "ReadHeavy": Scenario(),
    "ReadWrite": Scenario(writes=True),
    "HotKey": Scenario(hot_key=True),
    "MissingIds": Scenario(missing=True),
    "TraceReplay": Scenario(trace_only=True),
    "ClosedLoop": Scenario(closed_loop=True),
}
"""What each User class of the locustfile does, by its name."""


class Workload:
    """Holds a run's settings and trace, and builds each scenario's popularity once.

    Args:
        settings: The load flags.
        trace: The trace that replaces drawn ids; None without one.
    """

    def __init__(self, settings: LoadSettings, trace: Trace | None) -> None:
        self.settings = settings
        self.trace = trace
        self._popularities: dict[Scenario, Popularity] = {}

    @property
    def target(self) -> Target | None:
        """The service of one's own, with the keys that the trace names; None for ours."""
        target, trace = self.settings.target, self.trace
        if target is None or trace is None:
            return target
        return target.with_keys(trace.names, self.settings.trace)

    def with_load(self, load: Mapping[str, float | str]) -> "Workload":
        """Return the workload after the flags of *load* (`EDITABLE`) were changed."""
        return Workload(replace(self.settings, **load), self.trace)  # type: ignore[arg-type]

    def popularity(self, scenario: Scenario) -> Popularity:
        """Return which ids *scenario* asks for.

        Raises:
            FlagError: It requires a trace and there is none.
        """
        if scenario not in self._popularities:
            self._popularities[scenario] = scenario.popularity(self.settings, self.trace)
        return self._popularities[scenario]


def _known_keys(settings: LoadSettings) -> Popularity:
    items, seed, slide = settings.items, settings.seed, settings.slide_per_second
    match settings.popularity:
        case "uniform":
            return Zipf(items, 0.0, seed)
        case "hotset" | "sliding":
            moving = slide if settings.popularity == "sliding" else 0.0
            hot_items = settings.hot_items_ratio
            return HotSet(items, settings.hot_traffic_ratio, hot_items, seed, moving)
        case "scan":
            return Scan(items)
        case "latest":
            return Latest(items, settings.skew, seed, slide)
    return Zipf(items, settings.skew, seed)

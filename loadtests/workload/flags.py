"""The load flags: one table for the command line, the web form and the plans of experiments."""

import argparse
import math
from dataclasses import dataclass
from typing import Any, Protocol

from loadtests.traffic.arrivals import ARRIVALS
from loadtests.traffic.rate_shape import SHAPES
from loadtests.workload.presets import PRESETS, SOURCE

NO_PRESET = "none"
UNCHANGED = "unchanged"
"""The choice that leaves a knob of the service as it is."""
EMPTY_CACHE = "empty"
"""The choice that empties the service's cache before a run."""
KEPT_CACHE = "kept"
"""The choice that leaves it as it is."""

EXIT_USAGE = 2
LARGEST_CATALOGUE = 10_000_000
"""Most items that the service creates."""


class FlagError(argparse.ArgumentTypeError):
    """A value is refused; the message for the user names the value and the remedy."""


class FlagParser(Protocol):
    """Locust's parser of the command line."""

    def add_argument(self, *names: str, **options: Any) -> Any:  # noqa: ANN401 - argparse's own
        """Add one flag."""


def locust_variable(flag: str) -> str:
    """Return the environment variable of a flag: LOCUST_SHAPE_PEAK of shape-peak."""
    return f"LOCUST_{flag.replace('-', '_').upper()}"


@dataclass(frozen=True)
class Flag:
    """One flag.

    Attributes:
        name: As on the command line, without the dashes.
        default: Its type is that of the values: float, int or str.
        help: One sentence for --help and the form.
        low, high: Smallest and largest number allowed.
        unit: Unit of the number.
        choices: All words allowed; empty for numbers and free text.
        in_form: Whether the web form shows it.
        optional: Whether the flag may have no value (None, an empty field).
    """

    name: str
    default: float | int | str
    help: str
    low: float = 0
    high: float = math.inf
    unit: str = ""
    choices: tuple[str, ...] = ()
    in_form: bool = True
    optional: bool = False

    @property
    def key(self) -> str:
        """The name of the attribute and of the form field."""
        return self.name.replace("-", "_")

    @property
    def words(self) -> tuple[str, ...]:
        """The choices that are values: all but UNCHANGED."""
        return tuple(choice for choice in self.choices if choice != UNCHANGED)

    def parse(self, text: str) -> float | int | str:
        """Return the value of *text*.

        Raises:
            FlagError: The value is not allowed.
        """
        if self.optional and not self.choices and not text.strip():
            return ""
        if self.choices and text not in self.choices:
            words = ", ".join(self.choices)
            raise FlagError(f"{self.name} must be one of {words}, got {text!r}; choose one of them")
        if isinstance(self.default, str):
            return text
        return self._number(text)

    def add_to(self, parser: FlagParser) -> None:
        """Add the flag to Locust's parser."""
        default = None if self.optional and not self.in_form else self.default
        parser.add_argument(
            f"--{self.name}",
            type=self.parse,
            default="" if self.optional and self.in_form and not self.choices else default,
            choices=list(self.choices) or None,
            help=self.help,
            metavar=None if self.choices else f"<{self.unit or 'value'}>",
            env_var=locust_variable(self.name),
            include_in_web_ui=self.in_form,
        )

    def _number(self, text: str) -> float | int:
        whole = isinstance(self.default, int)
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            value = math.nan
        if not self.low <= value <= self.high:  # Refuses NaN too.
            raise FlagError(f"{self.name} must be {self._range()}, got {text!r}; {self._remedy()}")
        return value

    def _range(self) -> str:
        kind = "a whole number" if isinstance(self.default, int) else "a number"
        bounds = f"from {self.low:g} to {self.high:.10g}"
        return f"{kind} {bounds} {self.unit}".rstrip()

    def _remedy(self) -> str:
        return f"try {self.default:g}" if self.default != "" else "leave it out"


LOAD_FLAGS = (
    Flag("rate", 100.0, "Arrivals per second, over all users.", 0.01, 100_000, "arrivals/s"),
    Flag(
        "arrivals", "poisson", "Poisson (independent) or evenly paced arrivals.", choices=ARRIVALS
    ),
    Flag("shape", "steady", "How the rate moves over the run.", choices=SHAPES),
    Flag("shape-peak", 5.0, "Highest rate of the shape, times --rate.", 0.1, 1000, "times"),
    Flag("shape-period-seconds", 60.0, "Length of a ramp, step, day.", 1, 86_400, "seconds"),
    Flag("spike-seconds", 10.0, "Length of a spike, on one key.", 0.1, 86_400, "seconds"),
    Flag(
        "popularity",
        "zipf",
        "Which ids: Zipf, uniform, a fixed or moving hot set, in order, or the newest most often.",
        choices=("zipf", "uniform", "hotset", "sliding", "scan", "latest"),
    ),
    Flag("items", 1000, "Ids in the catalogue.", 1, LARGEST_CATALOGUE, "items"),
    Flag("skew", 0.99, "Zipf exponent s; 0 is uniform.", 0, 10),
    Flag("hot-traffic-ratio", 0.9, "Share of lookups to the hot set, or to the hot key.", 0, 1),
    Flag("hot-items-ratio", 0.1, "Share of the items in the hot set.", 0, 1),
    Flag(
        "slide-per-second", 1.0, "Ids per second by which the hot set or newest id moves.", 0, 1e6
    ),
    Flag("hot-key", 1, "The id of scenario HotKey and of a spike.", 1, LARGEST_CATALOGUE),
    Flag("seed", 1, "Fixes the ids and arrivals of the run.", 0, 2_147_483_647),
    Flag(
        "trace",
        "",
        "File of ids (or .gz) to replay in its order instead; empties the service's cache first.",
    ),
    Flag("trace-times", "no", "Replay at the trace's own times.", choices=("no", "yes")),
    Flag("write-ratio", 0.1, "Share of writes in scenario ReadWrite.", 0, 1),
    Flag("missing-ratio", 0.0, "Share of lookups for ids that do not exist.", 0, 1),
    Flag("missing-items", 1000, "Distinct missing ids; 0: a new one each time.", 0, 1_000_000_000),
    Flag("one-hit-ratio", 0.0, "Share of lookups for ids that are asked for once.", 0, 1),
    Flag(
        "one-hit-items", 100_000, "Ids that are asked for once each.", 1, LARGEST_CATALOGUE, "items"
    ),
    Flag("think-seconds", 1.0, "ClosedLoop: mean pause after an answer.", 0, 3600, "seconds"),
    Flag(
        "max-in-flight",
        512,
        "Most requests under way at a time; others queue.",
        1,
        20_000,
        "requests",
    ),
    Flag(
        "max-wait-seconds", 30.0, "Drop a request after this wait for a slot.", 0.1, 3600, "seconds"
    ),
    Flag("requests", 0, "Arrivals in total; 0: no end.", 0, 1_000_000_000, "arrivals"),
    Flag(
        "preset",
        NO_PRESET,
        f"Skew (not --skew), writes (of ReadWrite) and TTL of a production cache ({SOURCE}).",
        choices=(NO_PRESET, *PRESETS),
    ),
    Flag(
        "cache-at-start",
        EMPTY_CACHE,
        "Empty the service's cache before the run, or keep what it holds.",
        choices=(EMPTY_CACHE, KEPT_CACHE),
    ),
    Flag("record", "", "Directory for the samples and summary of the run.", in_form=False),
)


def add_repeatable_flag(parser: FlagParser, name: str, metavar: str, text: str) -> None:
    """Declare a flag of text that is given at start only and may be repeated; None if it is not."""
    parser.add_argument(
        f"--{name}",
        action="append",
        default=None,
        help=text,
        metavar=metavar,
        env_var=locust_variable(name),
        include_in_web_ui=False,
    )


def add_load_flags(parser: FlagParser) -> None:
    """Add all load flags to Locust's parser."""
    add_repeatable_flag(
        parser,
        "service-url",
        "<url>",
        "URL of the service; repeat for replicas. Default: --host.",
    )
    for flag in LOAD_FLAGS:
        flag.add_to(parser)

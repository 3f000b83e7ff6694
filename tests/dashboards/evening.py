"""One run of load in which everything happens that the dashboards can show.

Every result, every scenario, every kind of knob, both outages. The stage (local processes or
containers) says how; the evening says what and when, and keeps the times.
"""

import time
from dataclasses import dataclass, field
from typing import Protocol

SCENARIOS = ("ReadHeavy", "ReadWrite", "HotKey", "MissingIds", "ClosedLoop")
RATE = 60
ITEMS = 300


class Stage(Protocol):
    """Where the evening takes place."""

    def turn(self, **knobs: object) -> None:
        """Set knobs through the control API."""

    def start_load(self, *scenarios: str) -> None:
        """Begin scenarios, in two worker processes where there are several."""

    def start_replay(self) -> None:
        """Begin TraceReplay, at a rate that is too much for it."""

    def stop_load(self) -> None:
        """End what was begun, drained."""

    def stop(self, server: str) -> None:
        """Take away redis or the store."""

    def start(self, server: str) -> None:
        """Give it back."""


# Seconds of each phase. Short: every query gets data. Full: also long enough for what takes its
# time: TTLs that count as steady, alerts, figures to compare.
LENGTHS = {
    "quiet": (3, 6),
    "steady": (28, 40),
    "longer": (6, 26),
    "no invalidation": (14, 30),
    "stale": (8, 20),
    "off": (6, 8),
    "stampede": (8, 18),
    "without": (12, 22),
    "again": (5, 6),
    "pause": (4, 6),
    "replay": (8, 16),
    "over": (28, 35),
}
SHORT = {phase: short for phase, (short, _) in LENGTHS.items()}
FULL = {phase: full for phase, (_, full) in LENGTHS.items()}


@dataclass
class Evening:
    """When what happened, unix seconds; a phase lasts from its start to its end."""

    seconds: dict[str, float]
    phases: dict[str, tuple[float, float]] = field(default_factory=dict)

    def play(self, stage: Stage) -> None:
        """Drive everything."""
        stage.turn(
            ttl_seconds=2,
            negative_ttl_seconds=2,
            store_delay_seconds=0.02,
            protection="single-flight",
        )
        self._phase("quiet")
        stage.start_load("ReadHeavy")
        self._phase("steady")
        stage.turn(ttl_seconds=4)
        self._phase("longer")
        stage.stop_load()
        stage.turn(invalidation="none")
        stage.start_load(*SCENARIOS)
        self._phase("no invalidation")
        stage.turn(invalidation="delete", protection="stale", ttl_seconds=1, stale_seconds=5)
        self._phase("stale")
        stage.turn(ttl_seconds=0)
        self._phase("off")
        stage.turn(ttl_seconds=1, ttl_jitter_ratio=0.2, early_beta=2, protection="none")
        stage.turn(store_delay_seconds=0.1, fencing="off")
        self._phase("stampede")
        stage.turn(store_delay_seconds=0, fencing="on", protection="lease")
        for server in ("redis", "store"):
            stage.stop(server)
            self._phase("without", f"without {server}")
            stage.start(server)
            self._phase("again", f"{server} again")
        stage.stop_load()
        stage.turn(store_delay_seconds=0.2, ttl_seconds=0.5)
        self._phase("pause")
        stage.start_replay()
        self._phase("replay")
        stage.stop_load()
        self._phase("over")

    @property
    def start(self) -> float:
        return min(began for began, _ in self.phases.values())

    @property
    def end(self) -> float:
        return max(ended for _, ended in self.phases.values())

    def _phase(self, length: str, name: str | None = None) -> None:
        began = time.time()
        time.sleep(self.seconds[length])
        self.phases[name or length] = (began, time.time())

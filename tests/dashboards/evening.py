"""A scripted run of traffic in which everything happens that the dashboards can show.

It has every result, every scenario, every kind of knob and both outages. The evening decides what
happens when, and records the times; the stage (local processes or containers) carries it out.
"""

import time
from dataclasses import dataclass, field
from typing import Protocol

SCENARIOS = ("ReadHeavy", "ReadWrite", "HotKey", "MissingIds", "ClosedLoop")
RATE = 60
ITEMS = 300


class Stage(Protocol):
    """Carries out the steps of the evening."""

    def turn(self, **knobs: object) -> None:
        """Set knobs through the control API."""

    def start_load(self, *scenarios: str) -> None:
        """Start scenarios, in two worker processes if there are several."""

    def start_replay(self) -> None:
        """Start TraceReplay, at a rate that its slots cannot keep up with."""

    def stop_load(self) -> None:
        """Stop what was started, and let it drain."""

    def stop(self, server: str) -> None:
        """Stop Redis or the store."""

    def start(self, server: str) -> None:
        """Start Redis or the store again."""


# Seconds of each phase, short and full. Short: every query gets data. Full: also long enough for
# TTLs that count as steady, for alerts, and for figures to compare.
LENGTHS = {
    "quiet": (3, 6),
    "steady": (32, 40),
    "longer": (6, 26),
    "no invalidation": (20, 30),
    "stale": (8, 20),
    "near": (8, 12),
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
    """Plays the phases and records when each one happened.

    Attributes:
        seconds: Length of each phase.
        phases: Start and end of each phase that was played, unix seconds.
    """

    seconds: dict[str, float]
    phases: dict[str, tuple[float, float]] = field(default_factory=dict)

    def play(self, stage: Stage) -> None:
        """Play all phases on a stage."""
        stage.turn(
            ttl_seconds=2,
            negative_ttl_seconds=2,
            store_delay_seconds=0.02,
            protection="single-flight",
            # Of one scenario alone theory says how many lookups are near.
            near_seconds=0.1,
        )
        self._phase("quiet")
        stage.start_load("ReadHeavy")
        self._phase("steady")
        stage.turn(ttl_seconds=4)
        self._phase("longer")
        stage.stop_load()
        stage.turn(invalidation="none", shadow_ratio=0.5, near_seconds=0)
        stage.start_load(*SCENARIOS)
        self._phase("no invalidation")
        stage.turn(invalidation="delete", protection="stale", ttl_seconds=1, stale_seconds=5)
        self._phase("stale")
        stage.turn(shadow_ratio=0, near_seconds=0.5, protection="lease", ttl_seconds=2)
        self._phase("near")
        stage.turn(near_seconds=0)
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

"""The traffic of one trial: what it asks for, and what theory and replay expect of it."""

import dataclasses
import math
from collections.abc import Mapping
from functools import cached_property

import numpy as np

from loadtests.experiments.plan.load import Load
from loadtests.experiments.trial.parts import Probed
from loadtests.prediction.after_cold_start import (
    Prediction,
    predict_crowded,
    predict_trace,
    predict_window,
    predict_writes,
)
from loadtests.prediction.key_rates import Reads, reads_of
from loadtests.prediction.limited_memory import crowding_of
from loadtests.prediction.measuring_window import Window
from loadtests.prediction.run_traffic import traffic_of
from loadtests.prediction.stale_reads import Staleness, predicted_staleness
from loadtests.prediction.steady_state import Traffic
from loadtests.replay.arrival_sequence import Requests
from loadtests.replay.run_replay import InForce
from loadtests.replay.trial_replay import TrialReplay, arrivals_of_trial
from loadtests.sender.oracle import VISIBLE_SECONDS, VISIBLE_TOLERANCE
from loadtests.service_under_test.contract import Knob
from loadtests.traffic.popularity import Popularity
from loadtests.traffic.trace import Trace
from loadtests.workload.scenario import Workload

_EVICTED = "no formula for evictions beside writes that delete entries"


class TrialTraffic:
    """The traffic of the trials that have the same load flags and seed.

    Args:
        load: The load flags.
        seed: Of the trials.
        trace: What they replay; None if ids are drawn.
    """

    def __init__(self, load: Load, seed: int, trace: Trace | None = None) -> None:
        self.load = load
        self._workload = Workload(load.settings(seed), trace)
        self._scenario = load.behaviour

    @property
    def popularity(self) -> Popularity:
        """Which ids are asked for."""
        return self._workload.popularity(self._scenario)

    @property
    def write_ratio(self) -> float:
        """The share of requests that are writes: of ids that exist."""
        return self.load.write_ratio * (1.0 - self._workload.settings.missing_ratio)

    @cached_property
    def reads(self) -> Reads | None:
        """How often each id is looked up; None if that changes, or has no formula."""
        settings = self._workload.settings
        if settings.shape != "steady" or (self.write_ratio and settings.missing_ratio):
            return None
        found = reads_of(self.popularity, settings.rate, settings.arrivals)
        if found is None or not self.write_ratio:
            return found
        looked_up = 1.0 - self.write_ratio
        return dataclasses.replace(
            found,
            rates=found.rates * looked_up,
            unrepeated_rate=found.unrepeated_rate * looked_up,
        )

    @cached_property
    def _traffic(self) -> Traffic | None:
        return traffic_of(self._workload, {self.load.scenario: self._scenario})

    def lookups_per_second(self, window: Window | None) -> float:
        """Return how many lookups are due in a window, or in all of a trace, on average."""
        rate = self._workload.settings.rate * (1.0 - self.write_ratio)
        return rate if window is None else rate * self._relative_rate(window)

    def _relative_rate(self, window: Window) -> float:
        edges = np.array([window.opens, window.closes])
        opens, closes = self._workload.settings.rate_shape.integral_at(edges)
        return float(closes - opens) / (window.closes - window.opens)

    def predict(self, planned: Window | None, probed: Probed, window: Window | None) -> Prediction:
        """Predict a trial.

        Args:
            planned: The window of the plan; None for a trace, which is measured whole.
            probed: What was read of the service.
            window: The window with the time that fills take; None if that is not known.
        """
        if planned is None:
            requests = self._arrivals(math.inf, probed.processes)
            return predict_trace(requests, probed.knobs, probed.fill_seconds)
        found = self._predict_ratios(probed, window or planned)
        return dataclasses.replace(found, staleness=self._staleness(probed.knobs))

    def _predict_ratios(self, probed: Probed, window: Window) -> Prediction:
        knobs, fill_seconds, limit = probed.knobs, probed.fill_seconds, probed.limit
        deletes = bool(self.write_ratio) and knobs.get("invalidation", "delete") == "delete"
        if self.reads is not None and limit is not None and float(knobs["ttl_seconds"]) > 0:
            crowding = crowding_of(self.reads, knobs, limit.entries)
            if crowding is not None and deletes:
                return Prediction(None, None, None, fill_seconds, _EVICTED, crowding)
            if crowding is not None:
                return predict_crowded(self.reads, knobs, fill_seconds, limit.policy, crowding)
        if deletes:
            traffic = self._traffic
            if traffic is not None:
                traffic = dataclasses.replace(traffic, processes=probed.processes)
            return predict_writes(traffic, knobs, fill_seconds)
        return predict_window(self.reads, knobs, fill_seconds, window, probed.processes)

    def _staleness(self, knobs: Mapping[str, Knob]) -> Staleness | None:
        if not self.write_ratio or self._traffic is None:
            return None
        return predicted_staleness(self._traffic, knobs, VISIBLE_SECONDS, VISIBLE_TOLERANCE)

    def replay(self, probed: Probed, until: float) -> TrialReplay:
        """Replay the very arrivals of a trial up to a second."""
        arrivals = self._arrivals(until, probed.processes)
        return TrialReplay(arrivals, InForce(probed.knobs, probed.fill_seconds or 0.0))

    def _arrivals(self, until: float, processes: int) -> Requests:
        return arrivals_of_trial(self._workload, until, processes, self._scenario)

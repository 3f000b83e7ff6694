"""A replay that keeps every answer of a run, as a reference for the one that counts them."""

import numpy as np

from loadtests.replay.cache_rules import CacheRules
from loadtests.replay.replayed_run import ReplayedRun
from loadtests.replay.run_replay import model_of
from loadtests.service_under_test.contract import HIT_RESULTS


class UnfoldedReplay:
    """Takes all arrivals from one change to the next at once, and keeps every answer."""

    def __init__(self, arrivals, in_force, start):
        self.life = CacheRules.of(in_force.knobs).longest_life
        self.arrivals = arrivals
        self.models = [
            model_of(in_force, warm_until=ends)
            for ends in ([None, self.life] if start == "unknown" else [None])
        ]

    def advance(self, until):
        taken = self.arrivals.take(until)
        for model in self.models:
            model.take(taken)

    def begin(self, epoch):
        self.advance(epoch.begins)
        self.arrivals.begin(epoch)

    def change(self, at, in_force):
        self.advance(at)
        for model in self.models:
            model.change(at, CacheRules.of(in_force.knobs), model_of(in_force)._work)
        self.life = max(self.life, at + CacheRules.of(in_force.knobs).longest_life)

    def runs(self, seconds):
        """Return the answers from an empty cache on, and from a full one if there is one."""
        return [
            ReplayedRun(
                seconds, np.array(model.answers), np.array(model.results), np.array(model.loads)
            )
            for model in self.models
        ]

    def known_from(self, seconds):
        """Return the first second from which on both starts give the same ratio to the end."""
        if len(self.models) == 1:
            return 0.0
        ends = float(int(seconds))
        for second in range(int(seconds)):
            cold, full = (run.counts(second, ends) for run in self.runs(seconds))
            lookups = sum(cold.values())
            apart = abs(sum(cold[word] - full[word] for word in HIT_RESULTS))
            if lookups and second >= self.life and apart <= 0.003 * lookups:
                return float(second)
        return None

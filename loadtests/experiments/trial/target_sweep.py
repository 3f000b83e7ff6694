"""The trials of a sweep over a target: which keys each asks for, and whether they are new."""

import dataclasses

from loadtests.experiments.trial.sweep_trials import Sweep
from loadtests.experiments.trial.target_stack import Measured
from loadtests.prediction.after_cold_start import Prediction

SEVERAL_ENDPOINTS = "no formula for several endpoints: a key is an entry for each of them"
_NOTHING_PREDICTED = Prediction(None, None, None, None, SEVERAL_ENDPOINTS)


def on_target(sweep: Sweep, measured: Measured) -> Sweep:
    """Return a sweep as it runs over a target.

    Where the target has keys enough, each trial asks for keys that none before it asked for, so
    that it begins as if the cache were empty.
    """
    target, needed = measured.target, sweep.largest_id
    has_all = target.keys.left is not None and target.keys.left >= needed * len(sweep.trials)
    changed = []
    for place, trial in enumerate(sweep.trials):
        skipped = target.keys.skipped + (place * needed if has_all else 0)
        flags = ("--target-skip-keys", str(skipped)) if skipped else ()
        adapted = dataclasses.replace(trial, arguments=flags, new_keys=has_all)
        if not target.has_one_entry_for_a_key:
            adapted = dataclasses.replace(
                adapted, replay=None, predict=lambda _probed, _window: _NOTHING_PREDICTED
            )
        changed.append(adapted)
    return dataclasses.replace(sweep, trials=changed)

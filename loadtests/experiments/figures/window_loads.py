"""How long loads took within the window of a trial, to compare with the probe before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from loadtests.experiments.records.records import TrialRecord
from loadtests.service_under_test.conditions import Conditions


@dataclass(frozen=True, slots=True)
class WindowLoads:
    """The loads that ended within the window.

    Attributes:
        loads: Their number.
        mean_seconds: Their mean duration; None without any.
        batch_seconds: The mean of each batch; None where there was none.
    """

    loads: int
    mean_seconds: float | None
    batch_seconds: Sequence[float | None]


def loads_in_window(record: TrialRecord) -> WindowLoads:
    """Return the loads between the readings of a window, or of a trial that is measured whole."""
    # The first and the last were read outside the window, unless a trial is measured whole.
    read = record.conditions if record.window is None else record.conditions[1:-1]
    spans = [_mean_load(earlier, later) for earlier, later in pairwise(read)]
    loads, mean = _mean_load(read[0], read[-1]) if len(read) > 1 else (0, None)
    return WindowLoads(loads, mean, [seconds for _, seconds in spans])


def _mean_load(earlier: Conditions, later: Conditions) -> tuple[int, float | None]:
    loads = later.service.loads - earlier.service.loads
    if loads <= 0:  # Fewer than before after a restart.
        return 0, None
    return loads, (later.service.load_seconds - earlier.service.load_seconds) / loads

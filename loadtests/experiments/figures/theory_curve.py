"""What theory predicts between the TTLs that were measured, from the run's own plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from loadtests.experiments.plan.load import recorded_traffic
from loadtests.experiments.records.records import RunRecord
from loadtests.prediction.after_cold_start import predict_window
from loadtests.prediction.key_rates import Reads, reads_of
from loadtests.prediction.measuring_window import cold_window
from loadtests.service_under_test.contract import Knob

POINTS = 16
MOST_ITEMS = 20_000
"""With more, each point takes seconds; the line then joins the measured TTLs alone."""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The prediction for one TTL; None where there is no formula.

    Attributes:
        ttl_seconds: The TTL.
        predicted_hit_ratio: Expected in the window that a trial of this TTL would have.
        predicted_offload_ratio: Likewise.
        predicted_store_queries_per_second: Likewise.
    """

    ttl_seconds: float
    predicted_hit_ratio: float | None
    predicted_offload_ratio: float | None
    predicted_store_queries_per_second: float | None


@dataclass(frozen=True, slots=True)
class Probe:
    """The service as the trials found it.

    Attributes:
        fill_seconds: D, the mean of their probes; None if unknown.
        processes: Service processes.
    """

    fill_seconds: float | None
    processes: int


def theory_curve(
    run: RunRecord, ttls: Sequence[float], knobs: Mapping[str, Knob], probed: Probe
) -> list[CurvePoint]:
    """Return predictions from the shortest TTL measured to the longest.

    Return none for a trace, for writes, for a rate that moves, for too many items, and for a plan
    that this version cannot read.

    Args:
        run: The run, with its plan.
        ttls: The TTLs that were measured; one of 0 has no hit ratio to predict.
        knobs: All knobs in force but the TTL.
        probed: The service as it was found.
    """
    positive = sorted({ttl for ttl in ttls if ttl > 0})
    reads = _reads(run.plan) if len(positive) > 1 else None
    if reads is None or len(reads.rates) > MOST_ITEMS:
        return []
    return [
        _point(run, reads, {**knobs, "ttl_seconds": ttl}, probed)
        for ttl in sorted({*positive, *round_ttls_between(positive[0], positive[-1])})
    ]


def round_ttls_between(first: float, last: float) -> list[float]:
    """Return TTLs of two digits that divide a span evenly on a logarithmic axis."""
    spread = np.geomspace(first, last, POINTS)[1:-1].tolist()
    rounded = {round(float(f"{ttl:.2g}"), 3) for ttl in spread}
    return sorted(ttl for ttl in rounded if first < ttl < last)


def _reads(plan: Mapping[str, Any]) -> Reads | None:
    traffic = recorded_traffic(plan)
    if traffic is None or traffic[0].trace:
        return None
    load, settings = traffic
    if load.write_ratio or settings.shape != "steady":
        return None
    return reads_of(load.behaviour.popularity(settings, None), load.rate, load.arrivals)


def _point(run: RunRecord, reads: Reads, knobs: Mapping[str, Knob], probed: Probe) -> CurvePoint:
    rate, fill_seconds = run.plan["load"]["rate"], probed.fill_seconds
    window = cold_window(reads, rate, knobs, run.plan.get("window_ttls"))
    expected = predict_window(
        reads, knobs, fill_seconds, window.with_fills(fill_seconds or 0.0), probed.processes
    )
    return CurvePoint(
        float(knobs["ttl_seconds"]),
        expected.hit_ratio,
        expected.offload_ratio,
        expected.loads_per_second,
    )

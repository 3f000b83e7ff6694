"""Reasons not to trust a trial, each with advice on what to do."""

import math
from collections.abc import Callable, Iterator, Mapping

from loadtests.experiments.figures.doubt import Case, Doubt, Scope
from loadtests.experiments.figures.interference import changes_between_readings, interference
from loadtests.experiments.figures.of_targets.target_doubts import target_doubts
from loadtests.experiments.figures.residual import near_unlike_replay, unlike_replay
from loadtests.experiments.records.counting import SERVICE
from loadtests.experiments.records.records import TrialRecord
from loadtests.prediction.measuring_window import DISCARDED_LIVES, FEWEST_TTLS, longest_life
from loadtests.service_under_test.contract import MOST_OUTSIDE_RATIO, SERVICE_RESULTS, outside_ratio

BUSY_CPU_RATIO = 0.8  # Above this share of a core, a load generator measures itself.
LATE_SECONDS = 0.010  # Later starts make latencies doubtful.
LATE_TTL_SHARE = 0.1  # Starts later than this share of the TTL make hits doubtful too.
RATE_TOLERANCE = 0.01
NOISE_ERRORS = 3.0  # Standard errors of a Poisson count.


def doubts_of(
    record: TrialRecord,
    lookups: Mapping[str, int],
    window_seconds: float | None,
    rare: list[str],
) -> list[Doubt]:
    """Return every reason to doubt a trial.

    Args:
        record: The trial.
        lookups: Lookups by result, counted by the service within the window.
        window_seconds: Measured length of the window; None if it never closed.
        rare: Results too rare for a 99th percentile, as text.
    """
    case = Case(record, lookups, window_seconds, record.load or {})
    if record.aborted is not None:
        aborted = Doubt(
            "aborted",
            f"the trial was aborted: {record.aborted}",
            "remove the cause, then measure again",
        )
        return [aborted, *changes_between_readings(case)]
    found = [doubt for check in _CHECKS for doubt in check(case)]
    if rare:
        text = f"too few for a 99th percentile: {', '.join(rare)}"
        advice = "these percentiles are left out; measure longer or at a higher rate"
        found.append(Doubt("few-samples", text, advice, "note"))
    return found


def _busy_generator(case: Case) -> Iterator[Doubt]:
    cpu = case.load.get("cpu_ratio")
    if cpu is not None and cpu >= BUSY_CPU_RATIO:
        yield Doubt(
            "generator-busy",
            f"the load generator used {cpu:.0%} of a core",
            "lower the rate: above 80 % it measures itself",
        )


def _late_starts(case: Case) -> Iterator[Doubt]:
    slip = case.load.get("slip_p99_seconds")
    if slip is not None and slip > LATE_SECONDS:
        ttl = case.record.trial.ttl_seconds
        yield Doubt(
            "late-starts",
            f"1 % of the requests started at least {slip * 1000:.0f} ms late",
            "lower the rate, or run nothing else on the machine",
            "trial" if slip > LATE_TTL_SHARE * ttl > 0 else "latency",
        )


def _other_rate(case: Case) -> Iterator[Doubt]:
    target = case.record.lookups_per_second or case.load.get("target_rate")
    if not target or not case.seconds:
        return
    wanted = target * case.seconds
    tolerance = RATE_TOLERANCE * wanted + NOISE_ERRORS * math.sqrt(wanted)
    achieved = sum(case.lookups.values())
    if achieved > wanted + tolerance:
        yield Doubt(
            "rate-exceeded",
            f"{achieved / case.seconds:.0f} lookups per second were counted, {target:g} were sent",
            "another client uses the service, or the clock was set back",
        )
    if achieved < wanted - tolerance:
        yield Doubt(
            "rate-missed",
            f"only {achieved / case.seconds:.0f} of {target:g} lookups per second were reached",
            "lower the rate: the load generator or the service is saturated",
        )


def _lost_requests(case: Case) -> Iterator[Doubt]:
    lost = {name: case.load.get(name) or 0 for name in ("failed", "dropped")}
    errors = case.lookups.get("error", 0)
    if any(lost.values()) or errors:
        scope = "trial" if any(lost.values()) else _scope_of_missing(case)
        yield Doubt(
            "errors",
            f"{errors} lookups ended in an error, {lost['failed']} got no valid answer, "
            f"{lost['dropped']} were never sent",
            "read the service's log; give it more threads or lower the rate",
            scope,
        )


def _bypassed(case: Case) -> Iterator[Doubt]:
    bypassed = case.lookups.get("bypass", 0)
    if bypassed and case.record.trial.ttl_seconds > 0:
        cause = "Redis was slow or unavailable: see the service's cacheaside_cache_errors_total"
        if case.record.counted_by != SERVICE:
            cause = "the target does not cache these answers: see its rules"
        text = f"{bypassed} lookups bypassed the cache"
        yield Doubt("bypass", text, cause, _scope_of_missing(case))


def _scope_of_missing(case: Case) -> Scope:
    """Return what lookups without the cache spoil: a few only their own figures."""
    lookups = dict(case.lookups)
    if case.record.trial.ttl_seconds == 0:  # All lookups bypass a cache that is off.
        lookups["hit"] = lookups.pop("bypass", 0)
    return "trial" if (outside_ratio(lookups) or 0.0) > MOST_OUTSIDE_RATIO else "note"


def _not_warm(case: Case) -> Iterator[Doubt]:
    window, knobs = case.record.window, case.record.knobs
    if window is None or not case.record.readings:
        return
    discarded = case.record.readings[0].at - (case.record.started_at or 0.0)
    known = {**knobs, "ttl_seconds": case.record.trial.ttl_seconds}
    needed = max(DISCARDED_LIVES * longest_life(known, missing=False), window.opens)
    if discarded < needed - 1e-3:
        yield Doubt(
            "not-warm",
            f"only {discarded:.1f} s were discarded, {needed:.1f} s are needed: "
            f"{DISCARDED_LIVES} times the longest life of an entry",
            "run the trial again",
        )


def _late_readings(case: Case) -> Iterator[Doubt]:
    """Check that batches are whole TTLs long, or the expiries within them shift."""
    window = case.record.window
    if window is None or case.record.started_at is None:
        return
    begun = case.record.started_at
    edges = zip(case.record.readings, window.edges, strict=False)
    latest = max((reading.at - begun - edge for reading, edge in edges), default=0.0)
    if latest > max(0.05, 0.1 * window.batch_seconds):
        yield Doubt(
            "late-readings",
            f"the counters were read up to {latest * 1000:.0f} ms after a batch had ended",
            "run nothing else on the machine",
        )


def _few_batches(case: Case) -> Iterator[Doubt]:
    window = case.record.window
    if window is not None and window.batches < FEWEST_TTLS:
        yield Doubt(
            "few-batches",
            f"the window is {window.batches} TTLs long, but an interval needs {FEWEST_TTLS}",
            "leave window_ttls out",
        )


def _nothing_measured(case: Case) -> Iterator[Doubt]:
    if not sum(case.lookups.values()):
        yield Doubt("no-lookups", "no lookup was counted", "read the load generator's log")


def _client_disagrees(case: Case) -> Iterator[Doubt]:
    """Check that load generator and service counted the same results over the whole trial."""
    before, after = case.record.before, case.record.after
    if before is None or after is None or "results" not in case.load:
        return
    service = after.service.since(before.service).lookups
    client = case.load["results"]
    differing = [
        f"{word} {client.get(word, 0)} to {service.get(word, 0)}"
        for word in SERVICE_RESULTS
        if client.get(word, 0) != service.get(word, 0)
    ]
    if differing:
        yield Doubt(
            "disagreement",
            f"load generator and service count differently: {', '.join(differing)}",
            "another client uses the service, or answers were lost",
        )


def _redis_disagrees(case: Case) -> Iterator[Doubt]:
    before, after = case.record.before, case.record.after
    if before is None or after is None or before.redis is None or after.redis is None:
        return
    redis = after.redis.since(before.redis)
    reads = after.service.since(before.service).key_reads
    service = (reads.get("true", 0), reads.get("false", 0))
    if (redis.keyspace_hits, redis.keyspace_misses) != service:
        yield Doubt(
            "disagreement",
            f"Redis counts {redis.keyspace_hits} keys found and {redis.keyspace_misses} missed, "
            f"the service {service[0]} and {service[1]}",
            "another client uses this Redis, or some of its answers came too late",
        )


_CHECKS: tuple[Callable[[Case], Iterator[Doubt]], ...] = (
    _nothing_measured,
    _busy_generator,
    _late_starts,
    _other_rate,
    _lost_requests,
    _bypassed,
    _not_warm,
    _late_readings,
    _few_batches,
    _client_disagrees,
    _redis_disagrees,
    interference,
    unlike_replay,
    near_unlike_replay,
    target_doubts,
)

"""What the report of a sweep says, for the HTML page and the Markdown page alike."""

from loadtests.experiments.figures.conclusions import conclusions, store_sentence
from loadtests.experiments.figures.results import RunResults
from loadtests.experiments.figures.theory_curve import CurvePoint, Probe, theory_curve
from loadtests.experiments.records.counting import CLIENT, COUNTERS, REDIS, SERVICE
from loadtests.experiments.report.doubt_groups import group_doubts, trials_text
from loadtests.experiments.report.near_grid import near_grid
from loadtests.experiments.report.run_settings import knob_sentence, load_sentence, settings_of
from loadtests.experiments.report.staleness_grid import staleness_grid
from loadtests.experiments.report.trial_grids import pooled_grid, result_grid, trial_grid
from loadtests.output.figure_text import UNKNOWN
from loadtests.prediction.measuring_window import DISCARDED_LIVES, FEWEST_TTLS
from loadtests.sender.oracle import VISIBLE_SECONDS

_COUNTERS = {
    SERVICE: "the service",
    CLIENT: "the load generator, of the answers that came",
    COUNTERS: "the service, by the counters of hits and misses in its metrics",
    REDIS: "Redis, by its INFO: keys that it found, and keys that it did not",
}


def sweep_content(results: RunResults) -> dict[str, object]:
    """Return the values that both templates of a sweep show."""
    run, trials = results.run, results.trials
    groups = group_doubts((trial, doubt) for trial in trials for doubt in trial.doubts)
    return {
        "damaged": results.damaged,
        "conclusions": conclusions(run, trials),
        "load": load_sentence(run),
        "knobs": knob_sentence(run),
        "store": store_sentence(run),
        "trials": trials,
        "trial_grid": trial_grid(trials),
        "pooled_grid": pooled_grid(trials),
        "result_grid": result_grid(trials),
        "near_grid": near_grid(trials),
        "staleness_grid": staleness_grid(trials),
        "visible_seconds": VISIBLE_SECONDS,
        "doubts": [(trials_text(each.subjects, len(trials)), each.doubt) for each in groups],
        "settings": settings_of(run, [results.records[trial.number] for trial in trials]),
        "predictions": _methods(results),
        "counted_by": _COUNTERS[trials[0].counted_by if trials else SERVICE],
        "discarded_lives": DISCARDED_LIVES,
        "fewest_ttls": FEWEST_TTLS,
    }


def curve_of(results: RunResults) -> list[CurvePoint]:
    """Return what theory predicts from the shortest TTL of a sweep to the longest."""
    if not results.trials:
        return []
    record = results.records[results.trials[0].number]
    fills = [trial.fill_seconds for trial in results.trials if trial.fill_seconds is not None]
    # A record of a version that did not count the processes has no conditions.
    processes = len(record.conditions[0].service.process_starts) if record.conditions else 1
    processes = processes or 1  # How many processes a target has is not known.
    probed = Probe(sum(fills) / len(fills) if fills else None, processes)
    ttls = [trial.ttl_seconds for trial in results.trials]
    return theory_curve(results.run, ttls, record.knobs, probed)


def _methods(results: RunResults) -> str:
    """Return how the predictions were made, or why there is none."""
    made = [results.records[trial.number].prediction for trial in results.trials]
    return "; ".join(dict.fromkeys(each.method for each in made if each)) or UNKNOWN

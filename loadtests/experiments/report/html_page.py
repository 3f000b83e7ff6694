"""Renders the report of a run as one HTML page that loads nothing from elsewhere."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from loadtests.experiments.figures.conclusions import conclusions, store_sentence
from loadtests.experiments.figures.results import RunResults
from loadtests.experiments.figures.stampede_figures import COLD_KEY, StampedeResults
from loadtests.experiments.figures.trial_figures import TrialFigures
from loadtests.experiments.records.records import RunRecord
from loadtests.experiments.report import charts
from loadtests.experiments.report.stampede_table import COLUMNS, traffic_sentence
from loadtests.experiments.report.table import interval_text, points_text, ttl_text
from loadtests.output.figure_text import (
    UNKNOWN,
    count_text,
    milliseconds_text,
    number_text,
    ratio_text,
)
from loadtests.prediction.measuring_window import DISCARDED_LIVES, FEWEST_TTLS

_OTHER_IDS = {"missing_ratio": "missing ids", "one_hit_ratio": "ids asked for once"}

TEMPLATES = Path(__file__).parent / "templates"
PLOTLY_JS = Path(__file__).parent / "plotly_js" / "plotly-basic.min.js"


def render_sweep(results: RunResults) -> str:
    """Return the report of a sweep as HTML."""
    shown = [trial for trial in results.trials if trial.lookups]
    return _render(
        "sweep.html.jinja",
        results.run,
        _sweep_charts(shown) if shown else [],
        damaged=results.damaged,
        trials=results.trials,
        conclusions=conclusions(results.run, results.trials),
        load=_load_sentence(results.run),
        predictions=_methods(results),
        discarded_lives=DISCARDED_LIVES,
        fewest_ttls=FEWEST_TTLS,
    )


def render_stampede(results: StampedeResults) -> str:
    """Return the report of the stampede bench as HTML."""
    return _render(
        "stampede.html.jinja",
        results.run,
        [charts.loads_chart(results.modes)],
        damaged=results.damaged,
        modes=results.modes,
        columns=COLUMNS,
        traffic=traffic_sentence(results),
        cold_key=COLD_KEY,
    )


def _render(template: str, run: RunRecord, figures: list[go.Figure], **values: object) -> str:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "ratio": ratio_text,
        "count": count_text,
        "ms": milliseconds_text,
        "rate": number_text,
        "interval": interval_text,
        "points": points_text,
        "sentence": _sentence,
        "ttl": ttl_text,
    }
    return environment.get_template(template).render(
        run=run,
        store=store_sentence(run),
        started=time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(run.started_at)),
        charts=[_fragment(figure) for figure in figures],
        plotly=Markup(PLOTLY_JS.read_text("utf-8")),  # noqa: S704 - the library's own program
        **values,
    )


def _sweep_charts(trials: list[TrialFigures]) -> list[go.Figure]:
    return [
        charts.hit_ratio_chart(trials),
        charts.store_chart(trials),
        charts.latency_chart(trials, "response"),
        charts.latency_chart(trials, "service"),
    ]


def _fragment(figure: go.Figure) -> Markup:
    html = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        config={"displaylogo": False, "responsive": True, "displayModeBar": False},
    )
    return Markup(html)  # noqa: S704 - plotly made it from numbers


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _load_sentence(run: RunRecord) -> str:
    load = run.plan["load"]
    kind = "Poisson" if load["arrivals"] == "poisson" else "evenly paced"
    return f"Traffic: {load['rate']:g} lookups per second, open, {kind}; {_keys(load)}."


def _methods(results: RunResults) -> str:
    """Return how the predictions were made, or why there is none."""
    made = [results.records[trial.number].prediction for trial in results.trials]
    return "; ".join(dict.fromkeys(each.method for each in made if each)) or UNKNOWN


def _keys(load: Mapping[str, Any]) -> str:
    flags = load["flags"]
    if load["trace"]:
        return f"trace {Path(load['trace']).name}, the whole run measured from a cold cache"
    skew = f" (s = {flags['skew']:g})" if flags["popularity"] in ("zipf", "latest") else ""
    keys = f"{flags['popularity'].capitalize()}{skew} over {flags['items']} items"
    for name, ids in _OTHER_IDS.items():
        if flags[name]:
            keys += f", {flags[name]:.0%} of them {ids}"
    return keys

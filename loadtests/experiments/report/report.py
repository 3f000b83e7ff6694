"""Writes the report of a run: one HTML file that needs nothing from anywhere."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from loadtests.experiments.records.records import RunRecord
from loadtests.experiments.report import charts
from loadtests.experiments.report.conclusions import conclusions, store_sentence
from loadtests.experiments.report.figures import TrialFigures
from loadtests.experiments.report.results import RunResults
from loadtests.experiments.report.table import (
    UNKNOWN,
    count_text,
    interval_text,
    milliseconds_text,
    points_text,
    rate_text,
    ratio_text,
    ttl_text,
)
from loadtests.prediction.measuring_window import DISCARDED_TTLS, FEWEST_TTLS

_STRANGERS = {"missing_ratio": "missing ids", "one_hit_ratio": "ids asked for once"}

TEMPLATES = Path(__file__).parent
TEMPLATE = "report.html.jinja"


def write_report(results: RunResults, path: Path) -> Path:
    """Write the report of a run; return where it is."""
    path.write_text(render_report(results), encoding="utf-8")
    return path


def render_report(results: RunResults) -> str:
    """Return the report as HTML."""
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
        "rate": rate_text,
        "interval": interval_text,
        "points": points_text,
        "sentence": _sentence,
        "ttl": ttl_text,
    }
    shown = [trial for trial in results.trials if trial.lookups]
    return environment.get_template(TEMPLATE).render(
        run=results.run,
        trials=results.trials,
        records=results.records,
        conclusions=conclusions(results.run, results.trials),
        store=store_sentence(results.run),
        load=_load_sentence(results.run),
        predictions=_methods(results),
        discarded_ttls=DISCARDED_TTLS,
        fewest_ttls=FEWEST_TTLS,
        started=time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(results.run.started_at)),
        charts=[_fragment(figure) for figure in _figures(shown)] if shown else [],
        plotly=Markup(get_plotlyjs()),  # noqa: S704 - the library's own program
    )


def _figures(trials: list[TrialFigures]) -> list[go.Figure]:
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
    return Markup(html)  # noqa: S704 - made by plotly from numbers


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _load_sentence(run: RunRecord) -> str:
    load = run.plan["load"]
    kind = "Poisson" if load["arrivals"] == "poisson" else "evenly paced"
    return f"Load: {load['rate']:g} lookups a second, open, {kind}; {_keys(load)}."


def _methods(results: RunResults) -> str:
    """Say from what the predictions follow, or why there is none."""
    made = [results.records[trial.number].prediction for trial in results.trials]
    return "; ".join(dict.fromkeys(each.method for each in made if each)) or UNKNOWN


def _keys(load: Mapping[str, Any]) -> str:
    flags = load["flags"]
    if load["trace"]:
        return f"trace {Path(load['trace']).name}, the whole run measured from a cold cache"
    skew = f" (s = {flags['skew']:g})" if flags["popularity"] in ("zipf", "latest") else ""
    keys = f"{flags['popularity'].capitalize()}{skew} over {flags['items']} items"
    for name in ("missing_ratio", "one_hit_ratio"):
        if flags[name]:
            keys += f", {flags[name]:.0%} of them {_STRANGERS[name]}"
    return keys

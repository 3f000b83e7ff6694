"""What every page is made of: its templates, its charts, and the program that draws them."""

import time
from pathlib import Path

import plotly.graph_objects as go
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from loadtests.output.figure_text import milliseconds_text, number_text

TEMPLATES = Path(__file__).parent / "templates"
PLOTLY_JS = Path(__file__).parent / "plotly_js" / "plotly-basic.min.js"


_CHART = Markup('<h3>{}</h3><div class="plotly-graph-div"></div><script>drawChart({})</script>')
"""A chart of a page; the page's own script draws it where it stands."""


def environment(*, html: bool) -> Environment:
    """Return what renders the templates, as HTML or as Markdown."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=html,  # noqa: S701 - Markdown has its own escapes, see _plain
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "ms": milliseconds_text,
        "rate": number_text,
        "sentence": lambda text: f"{_capitalised(text)}.",
        "capitalised": _capitalised,
        "plain": _plain,
    }
    return environment


def plotly_program() -> Markup:
    """Return the program that draws charts, for a page that loads nothing from elsewhere."""
    return Markup(PLOTLY_JS.read_text("utf-8"))  # noqa: S704 - the library's own program


def chart_fragment(figure: go.Figure) -> Markup:
    """Return a chart as HTML; its title is a heading of the page, where it wraps."""
    title = figure.layout.title.text
    # JSON in a script must not end it.
    drawing = figure.update_layout(title=None).to_json().replace("<", r"\u003c")
    return _CHART.format(title, Markup(drawing))  # noqa: S704 - plotly made it from numbers


def started_text(seconds: float) -> str:
    """Return the date of a time in seconds since 1970; raise ValueError if it has none."""
    try:
        moment = time.gmtime(seconds)
    except (OSError, OverflowError):
        raise ValueError(f"{seconds:g} s after 1970 is no date") from None
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", moment)


def _capitalised(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _plain(text: object) -> str:
    """Return a text that Markdown shows as it is, also in a cell of a table."""
    shown = " ".join(str(text).split())
    for sign in "\\`*_[]<>|~":
        shown = shown.replace(sign, f"\\{sign}")
    return shown

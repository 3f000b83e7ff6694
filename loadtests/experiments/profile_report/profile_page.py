"""Renders the profile of a log as one HTML page that loads nothing from elsewhere."""

import platform
import time
from collections.abc import Sequence

from loadtests.experiments.profile_report.profile_charts import profile_charts
from loadtests.experiments.profile_report.profile_grids import profile_sections
from loadtests.experiments.profile_report.profile_table import answer_lines
from loadtests.experiments.report.page_parts import (
    chart_fragment,
    environment,
    plotly_program,
    started_text,
)
from loadtests.profile.curve import Profile


def render_profile(profile: Profile, logs: Sequence[str], notes: Sequence[str]) -> str:
    """Return the page of a profile.

    Args:
        profile: What each TTL does.
        logs: Names of the files.
        notes: What was read, dropped and assumed.
    """
    template = environment(html=True).get_template("profile.html.jinja")
    return template.render(
        run={"title": f"Which TTL for {', '.join(logs)}", "machine": platform.node()},
        started=started_text(time.time()),
        store="A replay of the log: no cache and no database was asked.",
        damaged=[],
        answer=answer_lines(profile),
        charts=[chart_fragment(figure) for figure in profile_charts(profile)],
        plotly=plotly_program(),
        tables=profile_sections(profile),
        notes=notes,
    )

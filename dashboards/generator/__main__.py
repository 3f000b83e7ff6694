"""Write the dashboards' JSON, which is committed: python -m dashboards.generator.

The JSON is generated so that four dashboards of a dozen panels share one spelling of each query,
one colour for each result and one style, and so that a new panel takes only five lines.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.generator.boards import cache_aside, inside, load, ttl

FOLDER = Path(__file__).parent.parent
# The Grafana version that the panels' options are written for. Without it, Grafana migrates them
# from its oldest version, and the charts against TTL then find no field to draw.
PLUGIN_VERSION = "11.6.0"


def render_dashboards() -> Mapping[str, str]:
    """Return the JSON of each dashboard by file name."""
    pages = (
        ("cache-aside.json", cache_aside.build_dashboard()),
        ("ttl.json", ttl.build_dashboard()),
        ("load.json", load.build_dashboard()),
        ("inside.json", inside.build_dashboard()),
    )
    return {name: _json_text(board) for name, board in pages}


def _json_text(board: Dashboard) -> str:
    model = board.build()
    for number, panel in enumerate(model.panels or (), start=1):
        panel.id_val = number
        if isinstance(panel, Panel):
            panel.plugin_version = PLUGIN_VERSION
    return json.dumps(model, cls=JSONEncoder, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    for name, text in render_dashboards().items():
        (FOLDER / name).write_text(text, encoding="utf-8")

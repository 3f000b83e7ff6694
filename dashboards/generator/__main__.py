"""python -m dashboards.generator: writes the dashboards' JSON, which is committed.

Generated rather than written by hand, because four dashboards of a dozen panels then share one
spelling of each query, one colour for each result and one look, and a panel takes five lines.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.generator.boards import cache_aside, inside, load, ttl

FOLDER = Path(__file__).parent.parent
# Which Grafana the panels' options are written for. Without it Grafana takes them for those of its
# oldest version and mends them: the charts against TTL would then find no field to draw.
PLUGIN_VERSION = "11.6.0"


def rendered() -> Mapping[str, str]:
    """Return the JSON of each dashboard by its file's name."""
    pages = (
        ("cache-aside.json", cache_aside.build_dashboard()),
        ("ttl.json", ttl.build_dashboard()),
        ("load.json", load.build_dashboard()),
        ("inside.json", inside.build_dashboard()),
    )
    return {name: _text(board) for name, board in pages}


def _text(board: Dashboard) -> str:
    model = board.build()
    for number, panel in enumerate(model.panels or (), start=1):
        panel.id_val = number
        if isinstance(panel, Panel):
            panel.plugin_version = PLUGIN_VERSION
    return json.dumps(model, cls=JSONEncoder, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    for name, text in rendered().items():
        (FOLDER / name).write_text(text, encoding="utf-8")

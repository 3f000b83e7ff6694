"""Writes JSON files that appear whole or not at all."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loadtests.output.whole_file import write_whole


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write *content* to *path* so that no reader ever sees half of it; raise OSError."""
    write_whole(path, json.dumps(content, indent=1, default=str) + "\n")

"""Writes JSON files that appear whole or not at all."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write *content* to *path* so that no reader ever sees half of it; raise OSError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(json.dumps(content, indent=1, default=str) + "\n", encoding="utf-8")
    except OSError:  # Such as a full disk.
        draft.unlink(missing_ok=True)
        raise
    draft.replace(path)

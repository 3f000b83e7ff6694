"""Judges the coverage of each file by itself, which a good average of the others would hide.

`make coverage` runs it on coverage's JSON, with the folders whose files it judges.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

LEAST_PERCENT = 90.0


def too_low(report: dict[str, Any], folders: Sequence[str]) -> list[str]:
    """Return a line for each file of the folders that is covered too little, the worst first.

    Raises:
        ValueError: The report has no file of a folder, so that nothing of it would be judged.
    """
    found: list[tuple[float, str]] = []
    for folder in folders:
        within = {
            name: file
            for name, file in report["files"].items()
            if Path(folder) in Path(name).parents
        }
        if not within:
            raise ValueError(f"the report has no file of {folder}; name a folder of the project")
        for name, file in within.items():
            percent = float(file["summary"]["percent_covered"])
            if percent < LEAST_PERCENT:
                lines = ", ".join(map(str, file["missing_lines"]))
                found.append((percent, f"{name}: {percent:.1f} %, without line {lines}"))
    return [line for _, line in sorted(set(found))]


def main(words: Sequence[str]) -> int:
    """Print the files that are covered too little; return 1 if there are any."""
    report, *folders = words
    lines = too_low(json.loads(Path(report).read_text(encoding="utf-8")), sorted(set(folders)))
    for line in lines:
        print(line)  # noqa: T201 - a command's output
    if lines:
        print(f"make coverage: each file needs {LEAST_PERCENT:.0f} %")  # noqa: T201 - likewise
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

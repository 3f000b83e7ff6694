"""Reads the tables of docs/metrics.md."""

from tests.dashboards.board_files import ROOT

PAGE = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")


def table_rows(heading):
    """Return the rows of one table: name to [type, unit, labels, meaning, shown]."""
    section = PAGE.split(f"\n## {heading}")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]
    return {cells[0].strip().strip("`"): [cell.strip() for cell in cells[1:]] for cells in rows}


SERVICE = table_rows("Service")
LOAD = table_rows("Load generator")
OTHERS = table_rows("From exporters")
RECORDED = table_rows("Recorded")

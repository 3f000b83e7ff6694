"""The measured ratios as a table: for the terminal, for the README and for docs/method.md."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from loadtests.output.figure_text import UNKNOWN
from loadtests.output.marked_text import replace_between
from loadtests.side_by_side.baseline import expected
from loadtests.stack.guardian import ROOT

BEGIN, END = "<!-- bench: written by make bench -->\n", "<!-- end of bench -->"
README, METHOD = ROOT / "README.md", ROOT / "docs" / "method.md"

Case = Mapping[str, Any]
Figures = Mapping[str, Any]

SHORT = ("path", "cores", "beside", "ratio", "wanted")
TERMINAL = ("path", "threads", "cores", "beside", "ratio", "range", "by CPU", "wanted")
WHOLE = (
    *("path", "threads", "cores", "beside", "ratio", "range", "another run", "by CPU"),
    *("wanted", "answers/s", "its answers/s", "p99 ms", "its p99 ms"),
)


def _cells(case: Case, pairs: int) -> dict[str, str]:
    wanted = case["wanted"]
    low, high = expected(case, pairs, pairs)
    return {
        "path": case["path"],
        "threads": str(case["threads"]),
        "cores": "1" if case["on_one_core"] else "all",
        "beside": case["rival"],
        "ratio": f"{case['ratio']:.2f}",
        "range": f"{case['low']:.2f}–{case['high']:.2f}",  # noqa: RUF001 - from and to
        "another run": f"{low:.2f}–{high:.2f}" if low else UNKNOWN,  # noqa: RUF001
        "by CPU": f"{case['cpu_ratio']:.2f}",
        "wanted": UNKNOWN if wanted is None else f"≥ {wanted:.2f}",
        "answers/s": str(case["rate"]),
        "its answers/s": str(case["rival_rate"]),
        "p99 ms": f"{case['p99_ms']:.1f}",
        "its p99 ms": f"{case['rival_p99_ms']:.1f}",
    }


def terminal_table(figures: Figures) -> Table:
    """Return the ratios as the terminal shows them; one below what is wanted is marked."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for heading in TERMINAL:
        table.add_column(heading, justify="left" if heading in {"path", "beside"} else "right")
    for case in figures["cases"]:
        cells = _cells(case, figures["pairs"])
        table.add_row(*(cells[heading] for heading in TERMINAL), style=_style(case))
    return table


def _style(case: Case) -> str:
    return "" if case["wanted"] is None or case["ratio"] >= case["wanted"] else "bold"


def short_text(figures: Figures) -> str:
    """Return the README's table."""
    cases = [case for case in figures["cases"] if case["is_short"]]
    return f"{_markdown(SHORT, cases, figures['pairs'])}\n{_conditions(figures)}\n"


def whole_text(figures: Figures) -> str:
    """Return the table of docs/method.md, with what the service costs besides."""
    costs = figures["costs"]
    sentences = (
        f"After {costs['lookups']} lookups `/metrics` took {costs['metrics_ms']} ms and had "
        f"{costs['metrics_bytes']} bytes, and the process had {costs['memory_mb']} MB, "
        f"{costs['memory_growth_ratio'] * 100:.1f} % more than at the start "
        f"(Flask and redis-py alone: {costs['bare_memory_mb']} MB). From its start to the first "
        f"answer it took {costs['start_seconds']} s (Flask and redis-py alone: "
        f"{costs['bare_start_seconds']} s)."
    )
    table = _markdown(WHOLE, figures["cases"], figures["pairs"])
    return f"{table}\n{_conditions(figures)}\n\n{sentences}\n"


def _conditions(figures: Figures) -> str:
    return (
        f"Medians of {figures['pairs']} pairs, each with processes of its own; {figures['cores']} "
        f"cores: {figures['placement']}; Python {figures['python']}."
    )


def _markdown(headings: Sequence[str], cases: Sequence[Case], pairs: int) -> str:
    lines = [f"| {' | '.join(headings)} |", f"|{'---|' * len(headings)}"]
    for case in cases:
        cells = _cells(case, pairs)
        lines.append(f"| {' | '.join(cells[heading] for heading in headings)} |")
    return "\n".join([*lines, ""])


def write_documents(figures: Figures) -> None:
    """Write both tables where they stand."""
    for path, text in ((README, short_text(figures)), (METHOD, whole_text(figures))):
        replace_between(path, BEGIN, END, text)

"""The tree in ARCHITECTURE.md: one line for each folder and file, from the files themselves.

`make architecture` writes it; tests/test_house.py fails when it is out of date.
"""

import ast
import tomllib
from pathlib import Path

from loadtests.output.marked_text import replace_between

ROOT = Path(__file__).resolve().parents[1]
ARCHITECTURE = ROOT / "ARCHITECTURE.md"
BEGIN, END = "<!-- tree: written by make architecture -->\n", "<!-- end of tree -->\n"

FOLDERS = {
    "service": "the cache-aside service; imports nothing of loadtests",
    "service/series": "every metric of the service: its name, its labels, its buckets",
    "service/web": "HTTP: routes, control API, health",
    "service/domain": "the words: fruit, knobs, lookups, and the ports of cache and store",
    "service/pattern": "cache-aside itself: lookups, protections, writes, invalidations",
    "service/guards": "bounds on waiting: breaker, bulkhead, waiting room",
    "service/cache": "the cache port on Redis: the only place with Redis commands",
    "service/store": "the store port on MySQL or SQLite: the only place with SQL",
    "loadtests": "load, experiments and reports; speaks HTTP to the service",
    "loadtests/traffic": "pure mathematics of ids and times",
    "loadtests/workload": "what was asked for: flags, scenarios, who sends what",
    "loadtests/theory": "the formulas of docs/theory.md",
    "loadtests/prediction": "theory applied to a workload",
    "loadtests/replay": "a run's very arrivals through a model of the cache",
    "loadtests/request_logs": "logs that people have, read as requests",
    "loadtests/request_logs/formats": "one file for each family of formats",
    "loadtests/request_logs/samples": "safe samples: some keys, under names nobody can read",
    "loadtests/profile": "what each TTL does to the requests of a log",
    "loadtests/sender": "one process that sends",
    "loadtests/run": "all processes of one run of load",
    "loadtests/page": "what a run shows: Locust's page, /metrics",
    "loadtests/page/access": "who may ask something of Locust's page, and for how long",
    "loadtests/page/hit_ratio": "the hit ratio over time, measured, replayed and by theory",
    "loadtests/own_users": "building blocks for locustfiles of one's own",
    "loadtests/output": "how figures are written, for people and in files",
    "loadtests/service_under_test": "the service as seen from outside",
    "loadtests/target": "a service of one's own: its requests, its keys, what its answers tell",
    "loadtests/stack": "servers that are started for a run: private, compose, or given addresses",
    "loadtests/stack/faults": "ways to break a server or the network to it",
    "loadtests/experiments": "sweeps and the stampede bench",
    "loadtests/experiments/plan": "what to measure",
    "loadtests/experiments/plans": "plans that come with the project",
    "loadtests/experiments/trial": "one configuration, measured",
    "loadtests/experiments/records": "what was measured, on disk",
    "loadtests/experiments/figures": "what records say: figures, doubts and conclusions",
    "loadtests/experiments/figures/axes": "what a plan's axes do",
    "loadtests/experiments/figures/stampede": "what the expiry of a hot key cost",
    "loadtests/experiments/figures/of_targets": "what is different for a service of one's own",
    "loadtests/experiments/report": "tables, charts and pages, made from records alone",
    "loadtests/experiments/report/charts": "the charts of the pages",
    "loadtests/experiments/profile_report": "the profile of a log as tables and a page",
    "loadtests/experiments/comparison": "what two runs differ in, and what may be concluded",
    "loadtests/experiments/recommendation": "which TTL meets what is asked of the cache",
    "loadtests/experiments/drills": "what a fault does to a steady load",
    "loadtests/experiments/capacity": "the highest rate that a service answers quickly enough",
    "loadtests/experiments/limits": "runs what finds the limits of a service",
    "loadtests/experiments/commands": "the verbs of python -m loadtests",
    "loadtests/experiments/commands/acts": "what `evening` tells of its acts",
    "loadtests/experiments/commands/flags": "flags that make a part of a verb by themselves",
    "loadtests/experiments/commands/limits": "the verbs that find the limits of a service",
    "loadtests/experiments/commands/recording": "the verb that takes a sample of a log or a Redis",
    "loadtests/own_cost": "what the load generator itself costs",
    "loadtests/side_by_side": "the service beside what people would use in its place",
    "dashboards": "Grafana's dashboards as JSON, and what writes them",
    "dashboards/generator": "the kit that the boards are built with",
    "dashboards/generator/boards": "one file for each dashboard",
}
OTHERS = {
    "panel.js": "The script of the run panel on Locust's page.",
    "report.html.jinja": "The page of a report.",
    "demo.toml": "The plan of make demo.",
}
"""What files say that have no docstring."""


def tree() -> str:
    """Return the tree as a block of Markdown."""
    lines = []
    for folder, job in FOLDERS.items():
        indent = "  " * folder.count("/")
        lines.append(f"{indent}* **`{folder}/`** {job}")
        lines += [f"{indent}  * `{path.name}` {_job(path)}" for path in files(ROOT / folder)]
    return "\n".join([*lines, ""])


def files(folder: Path) -> list[Path]:
    """Return the source files straight in a folder that have something in them, sorted."""
    found = [path for path in folder.iterdir() if path.is_file() and path.suffix != ".json"]
    return sorted(path for path in found if path.stat().st_size and path.suffix != ".pyc")


def _job(path: Path) -> str:
    if path.suffix == ".toml" and path.name not in OTHERS:
        return str(tomllib.loads(path.read_text(encoding="utf-8"))["title"])
    if path.suffix != ".py":
        return OTHERS.get(path.name) or path.read_text(encoding="utf-8").partition("\n")[0].lstrip(
            "-# "
        )
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(said.partition("\n\n")[0].split())


def main() -> None:
    """Write the tree into ARCHITECTURE.md."""
    replace_between(ARCHITECTURE, BEGIN, END, tree())


if __name__ == "__main__":
    main()

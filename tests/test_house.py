"""The import arrows of the design, held by a walk over the syntax trees."""

import ast
from pathlib import Path

import pytest

from loadtests.experiments.stack.guardian import ROOT

SOURCES = sorted([*ROOT.glob("service/**/*.py"), *ROOT.glob("loadtests/**/*.py")])
HOMES = {
    "service": {
        "redis": {"redis_cache", "redis_connections"},
        "sqlalchemy": {"fruit_store"},
        "pymysql": {"fruit_store"},
        "prometheus_client": {"metrics"},
        "loadtests": set(),
        "locust": set(),
    },
    "loadtests": {"prometheus_client": {"exporter"}, "service": set(), "sqlalchemy": set()},
}
"""Which modules of a package may import what; an empty set means none."""

SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "core", "base", "misc"}


def _imports(path: Path) -> set[str]:
    """The top-level packages that a file imports; a relative import is its own package."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0] if node.level == 0 else ".")
    return found


def _reads_environment(path: Path) -> bool:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names |= {
        name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    return bool(names & {"environ", "environb", "getenv"})


@pytest.mark.parametrize(
    ("package", "imported"),
    [(package, imported) for package, homes in HOMES.items() for imported in homes],
)
def test_import_stays_in_its_home(package, imported):
    outside = [
        path.relative_to(ROOT)
        for path in SOURCES
        if path.relative_to(ROOT).parts[0] == package
        and imported in _imports(path)
        and path.stem not in HOMES[package][imported]
    ]

    assert outside == []


def test_service_reads_the_environment_in_its_settings_alone():
    readers = {path.name for path in ROOT.glob("service/**/*.py") if _reads_environment(path)}

    assert readers <= {"settings.py"}


def test_packages_but_the_service_have_empty_init_files():
    full = [
        path.relative_to(ROOT)
        for path in SOURCES
        if path.name == "__init__.py" and path.parent != ROOT / "service" and path.read_text()
    ]

    assert full == []


def test_no_file_has_a_name_that_says_nothing():
    assert [path.relative_to(ROOT) for path in SOURCES if path.stem in SAY_NOTHING] == []


def test_no_file_outgrows_the_house():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in SOURCES
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 250
    }

    assert long == {}

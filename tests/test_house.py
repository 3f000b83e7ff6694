"""What ARCHITECTURE.md says of the house, held by a walk over the syntax trees."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtests.stack.guardian import ROOT

SOURCES = sorted([*ROOT.glob("service/**/*.py"), *ROOT.glob("loadtests/**/*.py")])
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
THEORY = (ROOT / "docs/theory.md").read_text(encoding="utf-8")
HOMES = {
    "service": {
        "redis": {"cluster", "single_server", "wire"},
        "sqlalchemy": {"engines", "fruit_store"},
        "pymysql": {"engines"},
        "prometheus_client": {"metrics"},
        "loadtests": set(),
        "locust": set(),
    },
    "loadtests": {
        "prometheus_client": {"exporter", "metrics_server", "counters", "trial_page"},
        "service": set(),
        "sqlalchemy": set(),
    },
}
"""Which modules of a package may import what; an empty set means none."""

SPOKEN = {
    "SQL": (
        re.compile(
            r"\s*(SELECT|INSERT|REPLACE|UPDATE|DELETE|CREATE|DROP|ALTER|PRAGMA)\s.*", re.DOTALL
        ),
        {"engines"},
    ),
    "Redis": (
        re.compile(
            r".*redis\.p?call.*|DEL|EVAL|EVALSHA|EXISTS|EXPIRE|GETRANGE|INFO|KEYS|MGET|PEXPIRE|PING"
            r"|PTTL|SCAN|SET|SETNX|TTL|UNLINK",
            re.DOTALL,
        ),
        {"redis_cache", "redis_calls", "single_server"},
    ),
}
"""What a text in a language looks like, and which modules of the service may hold one. A lone GET
is left out, being HTTP's word too."""

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


def _texts(path: Path) -> Iterator[str]:
    """The string constants of a file but its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.value


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


@pytest.mark.parametrize("language", SPOKEN)
def test_service_speaks_a_language_in_its_homes_alone(language):
    looks, homes = SPOKEN[language]
    speakers = {
        path.stem
        for path in ROOT.glob("service/**/*.py")
        if any(looks.fullmatch(text) for text in _texts(path))
    }

    assert speakers == homes


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


def test_every_path_in_architecture_exists():
    named = re.findall(r"`([\w.]+/[\w./-]*|[\w-]+\.(?:md|yml))`", ARCHITECTURE)

    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_module_on_the_ways_of_architecture_exists():
    ways = re.findall(r"`\w+`(?:\s→\s`\w+`)+", ARCHITECTURE)
    modules = {name for way in ways for name in re.findall(r"\w+", way.replace("→", ""))}

    assert {"cache_aside", "slots"} <= modules
    assert modules <= {path.stem for path in SOURCES}


def test_every_formula_and_section_that_the_code_names_stands_in_theory():
    pattern = re.compile(r"\bF\d+|§\d+")
    named = {name for path in SOURCES for name in pattern.findall(path.read_text("utf-8"))}
    headed = set(pattern.findall(" ".join(re.findall(r"^#.*", THEORY, re.MULTILINE))))

    assert named
    assert named <= headed


def test_theory_names_every_function_that_computes_a_formula_and_none_besides():
    public = {
        f"{path.stem}.{node.name}"
        for path in ROOT.glob("loadtests/theory/*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    }

    assert public == set(re.findall(r"`([a-z]+\.[a-z_]+)`", THEORY))


MARKS_OF_TESTS = [
    {"unit"},
    {"integration"},
    {"integration", "contract"},
    {"integration", "browser"},
    {"integration", "exclusive"},
    {"stack"},
]
"""The combinations of markers that tests/conftest.py lets a test have, without accept."""


@pytest.mark.parametrize("marks", MARKS_OF_TESTS, ids=lambda marks: "+".join(sorted(marks)))
def test_every_test_runs_in_exactly_one_phase_of_ci(marks):
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    coverage = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\ncoverage:")[2]
    phases = [*re.findall(r"^ *tests '(.+?)'", script, re.MULTILINE)]
    phases += re.findall(r'-m "(.+?)"', coverage.partition("\n\n")[0])
    every = {"unit", "integration", "contract", "browser", "exclusive", "stack", "accept"}

    def selects(phase, marks):
        return eval(phase, {}, {mark: mark in marks for mark in every})

    assert len(phases) == 4
    assert sum(selects(phase, marks) for phase in phases) == 1
    assert not any(selects(phase, marks | {"accept"}) for phase in phases)

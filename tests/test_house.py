"""What ARCHITECTURE.md says of the house, held by a walk over the syntax trees."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtests.stack.guardian import ROOT
from tests.architecture_tree import FOLDERS, tree
from tests.conftest import LONGEST_FILES

SOURCES = sorted([*ROOT.glob("service/**/*.py"), *ROOT.glob("loadtests/**/*.py")])
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
THEORY = (ROOT / "docs/theory.md").read_text(encoding="utf-8")
CLIENT = "loadtests.service_under_test"
EXPERIMENTS = "loadtests.experiments"
TARGET = "loadtests.target"
TRAFFIC = {"loadtests.workload", "loadtests.traffic", TARGET, CLIENT, "loadtests.output"}
RUN = {"loadtests.sender", "loadtests.prediction", "loadtests.replay", *TRAFFIC}
RECORDS = {f"{EXPERIMENTS}.records", f"{EXPERIMENTS}.plan", *RUN}
TRIAL = {f"{EXPERIMENTS}.trial", "loadtests.stack", "loadtests.theory", *RECORDS}
WINGS = {
    "service.domain": set(),
    "service.housekeeping": set(),
    "service.freed_memory": set(),
    "service.settings": {"service.domain"},
    "service.series": {"service.domain"},
    "service.metrics": {"service.series", "service.domain"},
    "service.store": {"service.domain"},
    "service.guards": {"service.domain"},
    "service.cache": {"service.domain"},
    "service.pattern": {"service.guards", "service.domain"},
    "service.web": {"service.pattern", "service.guards", "service.domain"},
    "service.assembly": {
        *("service.cache", "service.store", "service.pattern", "service.guards"),
        *("service.domain", "service.settings", "service.metrics", "service.housekeeping"),
        "service.freed_memory",
    },
    "service": {"service.assembly", "service.web", "service.settings", "service.metrics"},
    "service.task_limits": {"service.guards", "service.settings"},
    "service.__main__": {"service", "service.settings", "service.task_limits"},
    "loadtests.traffic": set(),
    "loadtests.theory": set(),
    "loadtests.output": set(),
    "loadtests.request_logs": set(),
    "loadtests.profile": {"loadtests.request_logs"},
    CLIENT: set(),
    "loadtests.stack": {CLIENT},
    TARGET: {CLIENT},
    "loadtests.workload": {"loadtests.traffic", TARGET, CLIENT},
    "loadtests.replay": TRAFFIC,
    "loadtests.prediction": {"loadtests.theory", "loadtests.replay", *TRAFFIC},
    "loadtests.sender": TRAFFIC,
    "loadtests.run": RUN,
    # Every usual port stands in the stack's ports, that of /metrics too.
    "loadtests.page": {"loadtests.run", "loadtests.stack", *RUN},
    # For locustfiles of one's own, so nothing of ours imports it.
    "loadtests.own_users": {"loadtests.page", "loadtests.run", "loadtests.sender", *TRAFFIC},
    "loadtests.locust_plugin": {"loadtests.page", "loadtests.run", *RUN},
    "loadtests.locustfile": {"loadtests.locust_plugin", "loadtests.run", "loadtests.workload"},
    "loadtests.clean_locust": set(),
    "loadtests.own_cost": {"loadtests.stack", "loadtests.sender", CLIENT, "loadtests.output"},
    "loadtests.side_by_side": {"loadtests.stack", CLIENT, "loadtests.output"},
    f"{EXPERIMENTS}.plan": {"loadtests.prediction", *TRAFFIC},
    f"{EXPERIMENTS}.records": RECORDS,
    f"{EXPERIMENTS}.figures": {"loadtests.theory", *RECORDS},
    f"{EXPERIMENTS}.report": {f"{EXPERIMENTS}.figures", *RECORDS},
    f"{EXPERIMENTS}.comparison": {
        *(f"{EXPERIMENTS}.report", f"{EXPERIMENTS}.figures", *RECORDS),
    },
    f"{EXPERIMENTS}.recommendation": {
        *("loadtests.profile", "loadtests.theory"),
        *(f"{EXPERIMENTS}.report", f"{EXPERIMENTS}.figures", f"{EXPERIMENTS}.plan"),
        *RECORDS,
    },
    f"{EXPERIMENTS}.profile_report": {
        *(f"{EXPERIMENTS}.report", "loadtests.profile", "loadtests.output"),
    },
    f"{EXPERIMENTS}.trial": TRIAL,
    f"{EXPERIMENTS}.drills": {f"{EXPERIMENTS}.report", f"{EXPERIMENTS}.figures", *RECORDS},
    f"{EXPERIMENTS}.capacity": {f"{EXPERIMENTS}.report", f"{EXPERIMENTS}.figures", *RECORDS},
    f"{EXPERIMENTS}.limits": {
        *(f"{EXPERIMENTS}.drills", f"{EXPERIMENTS}.capacity", f"{EXPERIMENTS}.trial", *TRIAL),
    },
    f"{EXPERIMENTS}.commands": {
        *(f"{EXPERIMENTS}.report", f"{EXPERIMENTS}.figures", f"{EXPERIMENTS}.profile_report"),
        f"{EXPERIMENTS}.comparison",
        *(f"{EXPERIMENTS}.recommendation", f"{EXPERIMENTS}.drills", f"{EXPERIMENTS}.limits"),
        f"{EXPERIMENTS}.capacity",
        *("loadtests.page", "loadtests.own_cost", "loadtests.profile", "loadtests.request_logs"),
        "loadtests.side_by_side",
        *TRIAL,
    },
    "loadtests.cli": {f"{EXPERIMENTS}.commands", *TRIAL},
    "loadtests.__main__": {"loadtests.cli"},
}
"""Which wings each wing may import; nobody imports a wing that is not listed for it."""

TWICE = {
    "service": {
        "__init__": "a package each",
    },
    "loadtests": {
        "__init__": "a package each",
        "stampede": "the formulas, and the verb that measures what they predict",
    },
}
"""Names that two files of a package may share, with the reason."""

HOMES = {
    "service": {
        "redis": {"service/cache/"},
        "hiredis": {"service/cache/"},
        "sqlalchemy": {"service/store/"},
        "pymysql": {"service/store/"},
        "prometheus_client": {"service/metrics.py", "service/series/"},
        "loadtests": set(),
        "locust": set(),
    },
    "loadtests": {
        "prometheus_client": {
            *("loadtests/page/exporter.py", "loadtests/page/metrics_server.py"),
            "loadtests/service_under_test/counters.py",
            "loadtests/experiments/commands/trial_page.py",
        },
        "gevent": {
            *("loadtests/sender/", "loadtests/run/", "loadtests/page/", "loadtests/own_users/"),
            *("loadtests/locustfile.py", "loadtests/locust_plugin.py"),
        },
        "locust": {
            *("loadtests/sender/", "loadtests/run/", "loadtests/page/", "loadtests/own_users/"),
            *("loadtests/locustfile.py", "loadtests/locust_plugin.py"),
            "loadtests/own_cost/plain_locustfile.py",
        },
        "service": set(),
        "sqlalchemy": set(),
    },
}
"""Which paths of a package may import what; an empty set means none."""

SPOKEN = {
    "SQL": (
        re.compile(
            r"\s*(SELECT|INSERT|REPLACE|UPDATE|DELETE|CREATE|DROP|ALTER|PRAGMA)\s.*", re.DOTALL
        ),
        "service/store/",
    ),
    "Redis": (
        re.compile(
            r".*redis\.p?call.*|DEL|EVAL|EVALSHA|EXISTS|EXPIRE|GETRANGE|INFO|KEYS|MGET|PEXPIRE|PING"
            r"|PTTL|SCAN|SET|SETNX|TTL|UNLINK",
            re.DOTALL,
        ),
        "service/cache/",
    ),
}
"""What a text in a language looks like, and the folder whose files alone may hold one. A lone GET
is not looked for because it is HTTP's word too."""

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


def _wing(module: str) -> str:
    """Return the longest wing that holds a module."""
    parts = module.split(".")
    names = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return next((name for name in names if name in WINGS), parts[0])


def _arrows(path: Path) -> Iterator[tuple[str, str]]:
    """Return each module of ours that a file imports, with the file's own wing."""
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{name.name}" for name in node.names]
        elif isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        for name in names:
            if name.partition(".")[0] in {"service", "loadtests"}:
                yield _wing(module), name


def test_every_file_belongs_to_a_wing():
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in SOURCES
        if path.read_text(encoding="utf-8")
    }

    assert {_wing(module) for module in modules} == set(WINGS)
    # The package itself is a wing too, and must not take in what has no wing of its own.
    assert {module for module in modules if _wing(module) == "service"} == {"service"}


def test_tree_in_architecture_names_every_folder():
    folders = {str(path.parent.relative_to(ROOT)) for path in SOURCES}

    assert folders <= set(FOLDERS)


def test_wings_import_only_what_lies_below_them():
    astray = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in SOURCES
        for wing, name in _arrows(path)
        if _wing(name) != wing and _wing(name) not in WINGS[wing]
    }

    assert astray == set()


def test_wings_have_no_circle():
    below = {wing: set(seen) - {wing} for wing, seen in WINGS.items()}
    while lowest := [wing for wing, seen in below.items() if not seen & below.keys()]:
        for wing in lowest:
            del below[wing]

    assert below == {}


@pytest.mark.parametrize("package", ["service", "loadtests", "dashboards", "tests", "compose"])
def test_no_folder_has_more_than_fifteen_files(package):
    files = Counter(
        path.parent.relative_to(ROOT)
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.name != "__init__.py"
    )

    assert {str(folder): number for folder, number in files.items() if number > 15} == {}


@pytest.mark.parametrize("package", TWICE)
def test_no_two_files_of_a_package_share_a_name_without_a_reason(package):
    names = Counter(path.stem for path in SOURCES if path.relative_to(ROOT).parts[0] == package)

    assert {name for name, number in names.items() if number > 1} == set(TWICE[package])


def test_tree_in_architecture_is_that_of_the_files():
    assert tree() in ARCHITECTURE, "out of date: run make architecture"


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
        and not str(path.relative_to(ROOT)).startswith(tuple(HOMES[package][imported]))
    ]

    assert outside == []


@pytest.mark.parametrize("language", SPOKEN)
def test_service_speaks_a_language_in_its_home_alone(language):
    looks, home = SPOKEN[language]
    speakers = {
        str(path.relative_to(ROOT))
        for path in ROOT.glob("service/**/*.py")
        if any(looks.fullmatch(text) for text in _texts(path))
    }

    assert speakers
    assert [path for path in speakers if not path.startswith(home)] == []


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
    prose = ARCHITECTURE.replace(tree(), "")
    named = re.findall(r"`([\w.]+/[\w./-]*|[\w-]+\.(?:md|yml))`", prose)

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


SKIPPED_EVEN_IN_CI = {
    "tests/containers/test_compose_panels.py": "the version that the other parameter has",
    "tests/faults/conftest.py": "libfaketime's Redis, which is no wheel for every machine",
    "tests/faults/test_load_faults.py": "a mount, which only root may do",
    "tests/service/store/test_store_contract_on_mariadb.py": "MySQL, which Debian has not",
    "tests/service/web/test_held_bodies.py": "Linux",
    "tests/loadtests/stack/test_debian.py": "Debian",
}
"""The files whose tests may be skipped under CI=true too, and what they need."""


def test_no_failure_and_no_missing_server_is_a_skip_under_ci():
    skipping = {
        str(path.relative_to(ROOT))
        for path in ROOT.glob("tests/**/*.py")
        if re.search(r"pytest\.(skip\(|mark\.skip)", text := path.read_text(encoding="utf-8"))
        and not re.search(r'environ\.get\("CI"\) [!=]= "true"', text)
    }

    assert skipping == SKIPPED_EVEN_IN_CI.keys()


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
    units = re.findall(r'-m "(.+?)"', coverage.partition("\n\n")[0])
    expressions = dict(re.findall(r"^  \[(\w+)\]='(.+?)'$", script, re.MULTILINE))
    phases = list(expressions.values())
    every = {"unit", "integration", "contract", "browser", "exclusive", "stack", "accept"}

    def selects(phase, marks):
        return eval(phase, {}, {mark: mark in marks for mark in every})

    assert units == [expressions["units"]]
    assert re.findall(r"^ *tests (\w+)", script, re.MULTILINE) == ["containers", "servers", "time"]
    assert set(expressions) == {"units", "containers", "servers", "time"}
    assert sum(selects(phase, marks) for phase in phases) == 1
    assert not any(selects(phase, marks | {"accept"}) for phase in phases)


def test_files_that_take_longest_are_there():
    assert [name for name in LONGEST_FILES if not (ROOT / "tests" / name).exists()] == []

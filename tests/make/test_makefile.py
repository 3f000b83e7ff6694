"""Every target of the Makefile: it is run by a test, by .ci/run or by `make accept`."""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec

import pytest

from loadtests.stack.guardian import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
VERBS = ROOT / "loadtests/experiments/commands"
TARGETS = re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE)
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
HERE = "tests/make/test_makefile.py"
RUN_BY = {
    "help": HERE,
    "demo": "tests/integration/sweep/test_demo.py",
    "run": HERE,
    "test": ".ci/run",
    "test-faults": HERE,
    "soak": HERE,
    "coverage": ".ci/run",
    "covered": ".ci/run",
    "lint": ".ci/run",
    "dashboards": HERE,
    "architecture": HERE,
    "licences": HERE,
    "lock": HERE,
    "pictures": HERE,
    "bench": "make accept",
    "bench-load": "make accept",
    "bench-stampede": "make accept",
    "clean": HERE,
}
"""Who runs a target for real."""
BY_HAND = {
    "bench-check": "is bench once more, judged by a function that has tests",
    "drills": "takes eight minutes; tests run short drills by the same verb",
    "evening": "takes seven minutes; a test plays a short one by the same verb",
    "accept": "takes tens of minutes, and these tests are in it",
    "up": "needs images that only a registry has; tests/containers start the same file",
    "down": "the same; tests/containers end theirs by the same command",
}
"""Targets that nobody runs but people, and why: their commands are looked at all the same."""


def make(*words, cwd=ROOT, dry=False):
    """Run make with this Python, without installing anything; return its end."""
    installed = [f"-o.venv/.run-{VERSION}", f"-o.venv/.dev-{VERSION}"]
    if dry:
        installed.append(f"-o.cache/bench/.installed-{VERSION}")
    # A make that runs these tests must not lend its variables to this one.
    environment = {name: text for name, text in os.environ.items() if "MAKE" not in name}
    return subprocess.run(
        ["make", "--no-print-directory", *installed, f"PYTHON={sys.executable}", *words],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path):
    """A copy of the working tree that shares its virtual environment."""
    listed = subprocess.check_output(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, text=True
    )
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and name != ".venv":
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tmp_path / name)
    (tmp_path / ".venv").symlink_to((ROOT / ".venv").resolve())
    return tmp_path


def test_help_lists_every_target_and_what_it_does():
    lines = make("help").stdout.splitlines()

    assert [line.split()[1] for line in lines] == TARGETS
    assert all(len(line.split()) > 3 for line in lines)
    assert make().stdout.splitlines() == lines


def test_every_target_that_is_no_file_is_declared_as_such():
    (phony,) = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)

    assert set(phony.split()) == {*TARGETS, "python"}


def test_every_target_is_run_by_somebody_or_says_why_not():
    assert RUN_BY.keys() | BY_HAND.keys() == set(TARGETS)
    assert not RUN_BY.keys() & BY_HAND.keys()


@pytest.mark.parametrize("target", RUN_BY)
def test_who_is_said_to_run_a_target_names_it(target):
    if RUN_BY[target] == "make accept":
        text = MAKEFILE.partition("\naccept:")[2].partition("\n\n")[0]
    else:
        text = (ROOT / RUN_BY[target]).read_text(encoding="utf-8")
        text = text.partition("\nBY_HAND = ")[2] or text

    assert re.search(rf"""\bmake {target}\b|"{target}"|\$\(MAKE\).* {target}\b""", text)


@pytest.mark.parametrize("target", TARGETS)
def test_commands_of_a_target_name_modules_and_files_that_exist(target):
    dry = make("-n", target, dry=True)
    modules = re.findall(r"/python -m ([\w.]+)", dry.stdout)
    verbs = re.findall(r"-m loadtests ([\w-]+)", dry.stdout)

    assert dry.returncode == 0, dry.stderr
    assert dry.stdout
    assert [name for name in modules if find_spec(name) is None] == []
    assert [verb for verb in verbs if not [*VERBS.rglob(f"{verb}.py")]] == []
    paths = re.findall(r"\b(?:loadtests|tests|docs|dashboards)/[\w./-]+", dry.stdout)
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_programs_keep_their_bytecode_for_their_next_start(monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")

    assert (
        make("--eval=show:;@echo it is [$$PYTHONDONTWRITEBYTECODE]", "show").stdout == "it is []\n"
    )


@pytest.mark.integration
def test_generated_files_are_what_their_targets_write(copy):
    done = make("dashboards", "architecture", "licences", cwd=copy)
    written = ["ARCHITECTURE.md", "docs/licences.md"]
    written += [str(path.relative_to(ROOT)) for path in ROOT.glob("dashboards/*.json")]

    assert done.returncode == 0, done.stderr
    for name in written:
        assert (copy / name).read_bytes() == (ROOT / name).read_bytes(), name


@pytest.mark.integration
def test_clean_leaves_the_files_of_a_clone_and_nothing_else(copy):
    before = {path for path in copy.rglob("*") if path.is_file()}
    left = [".cache/a", "results/b", ".pytest_cache/c", "service/__pycache__/d", ".coverage.e"]
    for name in left:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text("")

    assert make("clean", cwd=copy).returncode == 0
    assert {path for path in copy.rglob("*") if path.is_file()} == before
    assert not (copy / ".venv").exists()
    assert (ROOT / ".venv").exists()


@pytest.mark.integration
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "RUN_ARGS=--help"), "usage: python -m loadtests run"),
        (("test-faults", "PYTEST_ARGS=--collect-only"), "promises"),
        pytest.param(
            ("soak", "SOAK_MINUTES=1", "PYTEST_ARGS=--collect-only"),
            "half_an_hour",
            marks=pytest.mark.accept,
        ),
    ],
    ids=["run", "test-faults", "soak"],
)
def test_target_takes_the_arguments_that_its_help_names(words, said):
    done = make(*words)

    assert done.returncode == 0, done.stderr
    assert said in done.stdout


@pytest.mark.integration
def test_pictures_without_a_folder_ask_for_one():
    done = make("pictures")

    assert done.returncode != 0
    assert "make pictures FOLDER=results/" in done.stderr


@pytest.mark.accept
def test_lock_of_today_is_the_one_that_is_committed(copy):
    assert make("lock", cwd=copy).returncode == 0
    for path in ROOT.glob("requirements*.lock"):
        assert (copy / path.name).read_text() == path.read_text()

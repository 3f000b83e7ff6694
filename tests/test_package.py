"""What `pip install .` installs: pyproject.toml must name every file that the programs read."""

import tomllib

import pytest

from loadtests.__main__ import start
from loadtests.cli import main
from loadtests.stack.guardian import FILES, IN_CHECKOUT, ROOT

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = ("service", "loadtests")


def _files(package):
    return [
        path.relative_to(ROOT / package)
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_that_is_no_module_is_listed_to_be_installed(package):
    patterns = SETTINGS["tool"]["setuptools"]["package-data"][package]
    files = [path for path in _files(package) if path.suffix != ".py"]

    assert files
    assert [str(path) for path in files if not any(map(path.match, patterns))] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_folder_with_modules_is_a_package(package):
    folders = {path.parent for path in _files(package) if path.suffix == ".py"}

    assert (
        folders - {path.parent for path in _files(package) if path.name == "__init__.py"} == set()
    )


def test_files_of_a_local_stack_are_the_repository_s_own():
    assert IN_CHECKOUT
    assert {path.name: path.resolve() for path in FILES.iterdir()} == {
        "db.sql": ROOT / "db.sql",
        "rules.yml": ROOT / "dashboards/prometheus/rules.yml",
    }


def test_the_command_runs_the_command_line():
    ((command, target),) = SETTINGS["project"]["scripts"].items()
    module, _, function = target.partition(":")

    assert (command, module, function) == ("cacheaside", start.__module__, start.__name__)


def test_help_of_the_installed_command_names_it(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["/usr/local/bin/cacheaside"])

    with pytest.raises(SystemExit):
        main(["profile", "--help"])

    said = capsys.readouterr().out
    assert "cacheaside profile access.log" in said
    assert "python -m loadtests" not in said

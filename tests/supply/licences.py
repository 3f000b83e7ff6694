"""docs/licences.md: the licence of each package that is locked, as the package itself says it.

`make licences` writes it; tests/supply/test_licences.py fails when it is out of date.
"""

from importlib import metadata

from loadtests.stack.guardian import ROOT
from tests.supply.locks import Locked, locked

PAGE = ROOT / "docs/licences.md"
HEAD = """# Licences of the packages

What `requirements.lock` installs on Linux, and the licence that each package states in its
metadata; `make licences` writes this page. The image of the service holds only those that say so.
The servers beside them (Redis, MySQL, Prometheus, Grafana and the exporters) come as images of
their makers, under their own licences.

| package | licence | in the service's image |
|---|---|---|
"""
LONGEST_NAME = 40
"""Some packages state the whole text of their licence in place of its name."""


def stated(package: str) -> str:
    """Return the licence that an installed package states.

    Raises:
        ValueError: It states none.
    """
    about = metadata.metadata(package)
    if expression := about.get("License-Expression"):
        return expression
    named = (about.get("License") or "").strip()
    if named and "\n" not in named and len(named) <= LONGEST_NAME:
        return named
    for word in about.get_all("Classifier", []):
        if word.startswith("License :: "):
            return word.rpartition(" :: ")[2]
    raise ValueError(f"{package} states no licence: look it up, and do without it if there is none")


def rows() -> dict[str, str]:
    """Return the licence by package, as the page has it."""
    lines = PAGE.read_text(encoding="utf-8").partition("|---|---|---|\n")[2].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {name: licence for name, licence, _ in cells}


def on_linux() -> list[Locked]:
    """Return the packages that are installed on Linux by a Python that is supported today."""
    return [one for one in locked("requirements.lock") if one.applies_on_linux()]


def main() -> None:
    """Write the page from the packages that are installed here."""
    service = {one.name for one in locked("requirements-service.lock")}
    table = [
        f"| {one.name} | {stated(one.name)} | {'yes' if one.name in service else ''} |\n"
        for one in on_linux()
    ]
    PAGE.write_text(HEAD + "".join(table), encoding="utf-8")


if __name__ == "__main__":
    main()

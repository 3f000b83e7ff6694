"""Reads plans from TOML files."""

import tomllib
from pathlib import Path

from loadtests.experiments.plan.fields import Given, PlanError

SHIPPED = Path(__file__).parents[1] / "plans"


def find_plan(name: str) -> Path:
    """Return the file of a plan: a path, or the name of one that is shipped.

    Raises:
        PlanError: There is no such file.
    """
    shipped = SHIPPED / f"{name}.toml"
    path = shipped if _is_file(shipped) else Path(name)
    if not _is_file(path):
        names = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.toml")))
        raise PlanError(f"plan {name!r} is no file; give the path of a TOML file or one of {names}")
    return path


def read_plan_file(path: Path) -> tuple[dict[str, Given], dict[str, Given]]:
    """Return the values of a plan and its knobs, unchecked, each with its place.

    Raises:
        PlanError: The file cannot be read or is not TOML.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanError(
            f"plan {path} cannot be read: {error.strerror}; give one that can"
        ) from None
    except ValueError as error:  # a number of too many digits is no TOMLDecodeError
        raise PlanError(f"{path}: not TOML: {error}; see the plans in {SHIPPED}") from None
    knobs = values.pop("knobs", {})
    if not isinstance(knobs, dict):
        raise PlanError(f"{path}: knobs must be a table, got {knobs!r}; write [knobs]")
    return (
        {name: Given(value, f"{path}, {name}") for name, value in values.items()},
        {name: Given(value, f"{path}, knobs.{name}") for name, value in knobs.items()},
    )


def _is_file(path: Path) -> bool:
    """Tell whether a file is there; a name that is too long names none."""
    try:
        return path.is_file()
    except OSError:
        return False

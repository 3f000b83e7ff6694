"""Reads plans from TOML files."""

import tomllib
from pathlib import Path

from loadtests.experiments.plan.fields import Given, PlanError

SHIPPED = Path(__file__).parents[1] / "plans"


def find_plan(name: str) -> Path:
    """Return the file of a plan, given its path or the name of a shipped plan.

    Raises:
        PlanError: There is no such file.
    """
    shipped = SHIPPED / f"{name}.toml"
    path = shipped if _is_file(shipped) else Path(name)
    if not _is_file(path):
        names = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.toml")))
        raise PlanError(
            f"plan {name!r} is not a file; give the path of a TOML file or one of {names}"
        )
    return path


def read_plan_file(path: Path) -> tuple[dict[str, Given], dict[str, Given]]:
    """Return the values and the knobs of a plan, unchecked, each with its place.

    Raises:
        PlanError: The file cannot be read or is not TOML.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanError(f"plan {path} cannot be read: {error.strerror}; name another") from None
    except ValueError as error:  # An integer of too many digits is not a TOMLDecodeError
        raise PlanError(f"{path}: not TOML: {error}; see the plans in {SHIPPED}") from None
    except RecursionError:
        raise PlanError(f"{path}: not a plan: its lists are too deep; see {SHIPPED}") from None
    knobs = values.pop("knobs", {})
    if not isinstance(knobs, dict):
        raise PlanError(f"{path}: knobs must be a table, got {knobs!r}; write [knobs]")
    return (
        {name: Given(value, f"{path}, {name}") for name, value in values.items()},
        {name: Given(value, f"{path}, knobs.{name}") for name, value in knobs.items()},
    )


def _is_file(path: Path) -> bool:
    """Return whether a file exists; a name that is too long raises OSError and names none."""
    try:
        return path.is_file()
    except OSError:
        return False

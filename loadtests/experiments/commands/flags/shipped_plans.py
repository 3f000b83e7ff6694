"""Lists the plans that come with the project."""

from loadtests.experiments.plan.toml_file import SHIPPED, read_plan_file


def list_plans() -> int:
    """Print each shipped plan with its title; return the exit code."""
    names = sorted(path.stem for path in SHIPPED.glob("*.toml"))
    width = max(map(len, names))
    for name in names:
        values, _ = read_plan_file(SHIPPED / f"{name}.toml")
        print(f"{name:<{width}}  {values['title'].value}")  # noqa: T201 - stdout is for the answer
    return 0

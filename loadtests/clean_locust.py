"""Starts Locust without the user's own configuration: no locust.conf, no LOCUST_ variables."""

import os
import site
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_EMPTY = Path("/proc")  # A folder in which nobody can leave a configuration file.


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return *environment* without what Locust reads its configuration from."""
    kept = {name: text for name, text in environment.items() if not name.startswith("LOCUST_")}
    return kept | {
        "HOME": str(_EMPTY),  # Locust reads ~/.locust.conf.
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), environment.get("PYTHONPATH")])),
        # Packages installed with `pip install --user` stand below the real home.
        "PYTHONUSERBASE": site.getuserbase(),
    }


if __name__ == "__main__":
    environment = clean_environment(os.environ)
    os.chdir(_EMPTY)  # Locust reads ./locust.conf and ./pyproject.toml.
    os.execve(sys.executable, [sys.executable, "-m", "locust", *sys.argv[1:]], environment)  # noqa: S606 - our own arguments

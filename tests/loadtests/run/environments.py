"""Locust's environment as it is with our scenarios."""

from locust.env import Environment

from loadtests.run.load_user import LoadUser
from tests.loadtests.settings_for import options


def read_heavy_environment(**given):
    """Return an environment with the scenario ReadHeavy and the options that are given."""
    read_heavy = type("ReadHeavy", (LoadUser,), {})
    return Environment(parsed_options=options(**given), user_classes=[read_heavy])

"""The scenarios that Locust offers, each as a User class."""

from locust import events

from loadtests.locust_plugin import install
from loadtests.run.load_user import LoadUser
from loadtests.workload.scenario import SCENARIOS

install(events)


class ReadHeavy(LoadUser):
    """Lookups only, of ids by --popularity or, if given, of the --trace."""


class ReadWrite(LoadUser):
    """Lookups, and writes for --write-ratio of the requests; each read is checked for staleness."""

    scenario = SCENARIOS["ReadWrite"]


class HotKey(LoadUser):
    """Lookups with --hot-traffic-ratio of them for the one --hot-key, as in a stampede."""

    scenario = SCENARIOS["HotKey"]


class MissingIds(LoadUser):
    """Lookups with half of them, or --missing-ratio, for ids that do not exist."""

    scenario = SCENARIOS["MissingIds"]


class TraceReplay(LoadUser):
    """Lookups of the ids of --trace, in the order of the file."""

    scenario = SCENARIOS["TraceReplay"]


class ClosedLoop(LoadUser):
    """Lookups by users who wait for each answer and then think, to compare with an open loop."""

    scenario = SCENARIOS["ClosedLoop"]

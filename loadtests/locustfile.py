"""The scenarios that Locust offers, each as a User class."""

from locust import events

from loadtests.locust_plugin import install
from loadtests.run.load_user import LoadUser
from loadtests.workload.scenario import Scenario

install(events)


class ReadHeavy(LoadUser):
    """Lookups only, of ids by --popularity or, if given, of the --trace."""


class ReadWrite(LoadUser):
    """Lookups, and writes for --write-ratio of the requests; each read is checked for staleness."""

    scenario = Scenario(writes=True)


class HotKey(LoadUser):
    """Lookups with --hot-traffic-ratio of them for the one --hot-key, as in a stampede."""

    scenario = Scenario(hot_key=True)


class MissingIds(LoadUser):
    """Lookups with half of them, or --missing-ratio, for ids that do not exist."""

    scenario = Scenario(missing=True)


class TraceReplay(LoadUser):
    """Lookups of the ids of --trace, in the order of the file."""

    scenario = Scenario(trace_only=True)


class ClosedLoop(LoadUser):
    """Lookups by users who wait for each answer and then think, to compare with an open loop."""

    scenario = Scenario(closed_loop=True)

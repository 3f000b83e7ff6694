"""The scenarios that Locust offers: one User class each."""

from locust import events

from loadtests.locust_plugin import install
from loadtests.run.load_user import LoadUser
from loadtests.workload.scenario import Scenario

install(events)


class ReadHeavy(LoadUser):
    """Lookups only, with the popularity that the flags name; replays a trace if one is given."""


class ReadWrite(LoadUser):
    """Lookups and, for --write-ratio of the requests, writes; each read is judged for staleness."""

    scenario = Scenario(writes=True)


class HotKey(LoadUser):
    """--hot-traffic-ratio of the lookups ask for the one --hot-key: what a stampede needs."""

    scenario = Scenario(hot_key=True)


class MissingIds(LoadUser):
    """Half of the lookups, or --missing-ratio, ask for ids that do not exist."""

    scenario = Scenario(missing=True)


class TraceReplay(LoadUser):
    """The ids of --trace in file order."""

    scenario = Scenario(trace_only=True)


class ClosedLoop(LoadUser):
    """Each user waits for its answer and thinks: what an open loop is compared with."""

    scenario = Scenario(closed_loop=True)

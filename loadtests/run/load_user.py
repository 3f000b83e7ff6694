"""The Locust user behind every scenario: each user stands for one stream of arrivals."""

from typing import ClassVar, cast

from locust import FastHttpUser, User, constant, task
from locust.env import Environment

from loadtests.workload.scenario import Scenario


class LoadUser(FastHttpUser):
    """One stream of arrivals.

    All users of a run share its `--rate`: of n users, user u sends every n-th arrival from the
    u-th on. `LoadRun` sends the requests beside the users, because an open loop must not wait for
    answers as a Locust task does.
    """

    abstract = True
    wait_time = constant(1)
    scenario: ClassVar[Scenario] = Scenario()

    @task
    def carry_stream(self) -> None:
        """Do nothing: the `LoadRun` of the process sends the requests of this user."""


def scenarios_of(environment: Environment) -> dict[str, Scenario]:
    """Return the scenarios of all User classes that could run, by name."""
    offered = {user.__name__: user for user in environment.user_classes}
    offered.update(available_classes(environment))
    return {name: user.scenario for name, user in offered.items() if issubclass(user, LoadUser)}


def available_classes(environment: Environment) -> dict[str, type[User]]:
    """Return the User classes of the locustfile by name, with the type that Locust gets wrong."""
    return cast("dict[str, type[User]]", environment.available_user_classes or {})

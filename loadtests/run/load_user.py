"""The Locust user behind every scenario: its presence is one arrival stream."""

from typing import ClassVar, cast

from locust import FastHttpUser, User, constant, task
from locust.env import Environment

from loadtests.workload.scenario import Scenario


class LoadUser(FastHttpUser):
    """One arrival stream.

    All users of a run share its `--rate`: of n users, user u sends every n-th arrival from the
    u-th on. The sending itself is done beside the users (`streams`), because an open loop must
    not wait for answers as a Locust task does.
    """

    abstract = True
    wait_time = constant(1)
    scenario: ClassVar[Scenario] = Scenario()

    @task
    def carry_stream(self) -> None:
        """Be there; the process's `LoadRun` sends this user's requests."""


def scenarios_of(environment: Environment) -> dict[str, Scenario]:
    """Return the scenarios of all User classes that could run, by name."""
    offered = {user.__name__: user for user in environment.user_classes}
    offered.update(available_classes(environment))
    return {name: user.scenario for name, user in offered.items() if issubclass(user, LoadUser)}


def available_classes(environment: Environment) -> dict[str, type[User]]:
    """Return the User classes of the locustfile by name; Locust calls their type wrongly."""
    return cast("dict[str, type[User]]", environment.available_user_classes or {})

"""Plain Locust, for comparison: one FastHttpUser task without a wait."""

import random

from locust import FastHttpUser, task


class Plain(FastHttpUser):
    """Reads uniformly distributed ids, each as soon as the last answer has come."""

    @task
    def look_up(self) -> None:
        """GET one fruit."""
        self.client.get(f"/fruit/{random.randint(1, 1000)}", name="/fruit/[id]")

"""What the bench compares with: Locust as it comes, one FastHttpUser task and no wait."""

import random

from locust import FastHttpUser, task


class Plain(FastHttpUser):
    """Asks for uniform ids as fast as answers come."""

    @task
    def look_up(self) -> None:
        """GET one fruit."""
        self.client.get(f"/fruit/{random.randint(1, 1000)}", name="/fruit/[id]")

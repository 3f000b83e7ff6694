"""An API that says nothing of its cache: latency is measured, and the hit ratio stays unknown."""

from locust import HttpUser, events, task

from loadtests.own_users.lookup_stream import LookupStream
from loadtests.own_users.measured_lookups import MeasuredLookups
from loadtests.traffic.hot_set import HotSet
from loadtests.traffic.rate_shape import Shape

LOOKUPS = MeasuredLookups(events)
BOOKS = LookupStream(
    keys=HotSet(items=5000, traffic_ratio=0.8, items_ratio=0.01, seed=7),
    rate=20,
    arrivals="paced",
    shape=Shape("step", peak=2.0, period_seconds=30.0),
)


class Librarian(HttpUser):
    """Asks for 20 books a second, twice as many in every other half minute."""

    @task
    def search(self):
        LOOKUPS.send(self, BOOKS, self.find_book)

    def find_book(self, lookup):
        body = {"isbn": f"978-{lookup.key:06}"}
        with self.client.post("/search", json=body, name="book", catch_response=True) as answer:
            lookup.answered(answer)

"""A product API behind a CDN: its header CF-Cache-Status says how each lookup was answered."""

from locust import FastHttpUser, constant, events, task

from loadtests.own_users.lookup_stream import LookupStream
from loadtests.own_users.measured_lookups import MeasuredLookups
from loadtests.target.answer_rule import answer_rule
from loadtests.traffic.zipf import Zipf

LOOKUPS = MeasuredLookups(events)
PRODUCTS = LookupStream(keys=Zipf(items=2000, skew=0.9, seed=7), rate=50)
RESULT = answer_rule("CF-Cache-Status")


class Shopper(FastHttpUser):
    """Opens 50 product pages a second, whether answers come or not."""

    concurrency = 100  # Most requests of one user under way at a time; Locust's default is 10.

    @task
    def browse(self):
        LOOKUPS.send(self, PRODUCTS, self.open_product)

    def open_product(self, lookup):
        path = f"/api/v2/products/sku-{lookup.key:05}"
        with self.client.get(path, name="product", catch_response=True) as answer:
            lookup.answered(answer, RESULT)


class Visitor(FastHttpUser):
    """Looks at the newest product once a second and waits for it, as other users of Locust do."""

    wait_time = constant(1)

    @task
    def open_newest(self):
        self.client.get("/api/v2/products/newest", name="newest")

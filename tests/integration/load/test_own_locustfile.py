"""A locustfile of one's own that holds other users beside our scenarios."""

import pytest

from tests.integration.load.locust_load import run

pytestmark = pytest.mark.integration

LOCUSTFILE = """
from locust import HttpUser, constant, task

from loadtests.locustfile import ReadHeavy

__all__ = ["ReadHeavy", "Visitor"]


class Visitor(HttpUser):
    wait_time = constant(0.2)

    @task
    def look_at_the_links(self):
        self.client.get("/", name="links")
"""


@pytest.fixture
def locustfile(tmp_path):
    path = tmp_path / "locustfile.py"
    path.write_text(LOCUSTFILE)
    return path


@pytest.mark.parametrize("processes", [1, pytest.param(2, marks=pytest.mark.long)])
def test_scenario_sends_its_load_beside_another_user(tmp_path, service_url, locustfile, processes):
    words = ["--rate", 50, "--requests", 200, "-u", 4, "--loglevel", "INFO"]
    many = ["--processes", processes] if processes > 1 else []

    locust = run(
        tmp_path, service_url, *words, *many, "ReadHeavy", "Visitor", locustfile=locustfile
    )

    assert locust.code == 0, locust.log_text
    assert locust.summary["completed"] == 200
    assert "links" in locust.log_text
    assert "KeyError" not in locust.log_text


def test_other_user_alone_is_not_our_load(tmp_path, service_url, locustfile):
    locust = run(tmp_path, service_url, "-t", "2s", "Visitor", locustfile=locustfile)

    assert locust.code == 0, locust.log_text
    assert locust.summary["arrivals"] == 0
    assert "links" in locust.log_text

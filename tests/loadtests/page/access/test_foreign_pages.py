"""What Locust's page answers to pages of others, before any route of it is reached."""

import pytest
from flask import Flask

from loadtests.page.access.foreign_pages import ForeignPages

OWN = [
    *("127.0.0.1:8089", "localhost:8089", "[::1]:8089", "192.168.7.7", "load.example:80"),
    *("LOAD.example", "locust.internal:8089"),
]
REBOUND = [
    "evil.example",
    "evil.example:8089",
    "localhost.evil.example",
    "",
    "127.0.0.1.evil.example",
]


@pytest.fixture
def client():
    app = Flask("page")
    for path in ("/", "/logs", "/stats/report", "/metrics", "/base/metrics"):
        app.add_url_rule(path, path, lambda: "figures")
    app.add_url_rule("/stop", "stop", lambda: "stopped", methods=["POST"])
    app.after_request(reflect_every_origin)
    ForeignPages("locust.internal", ["load.example"]).install(app)
    return app.test_client()


def reflect_every_origin(response):
    """Do what Locust does."""
    response.headers["Access-Control-Allow-Origin"] = "http://evil.example"
    return response


@pytest.mark.parametrize("host", OWN)
@pytest.mark.parametrize("path", ["/", "/logs", "/stats/report"])
def test_the_page_is_shown_under_each_of_its_names(client, host, path):
    assert client.get(path, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", REBOUND)
@pytest.mark.parametrize("path", ["/", "/logs", "/stats/report", "/nothing"])
def test_nothing_is_read_under_a_name_that_may_lead_here_from_elsewhere(client, host, path):
    answer = client.get(path, headers={"Host": host})

    assert answer.status_code == 403
    assert "start Locust with --page-name" in answer.json["message"]


@pytest.mark.parametrize("path", ["/metrics", "/base/metrics"])
def test_prometheus_reads_metrics_under_any_name(client, path):
    assert client.get(path, headers={"Host": "locust-2:8089"}).status_code == 200


def test_a_name_that_does_not_count_for_reading_metrics_changes_nothing(client):
    assert client.post("/metrics", headers={"Host": "locust-2:8089"}).status_code == 403


@pytest.mark.parametrize("path", ["/", "/nothing", "/metrics"])
@pytest.mark.parametrize("host", ["localhost", "evil.example"])
def test_no_answer_may_be_framed_embedded_or_read_by_another_site(client, path, host):
    headers = client.get(path, headers={"Host": host}).headers

    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in headers

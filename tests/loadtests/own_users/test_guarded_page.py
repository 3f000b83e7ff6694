"""Locust's page of a locustfile of one's own is guarded like that of our scenarios."""

import sys

import locust.web
import pytest
from locust.argument_parser import get_parser
from locust.env import Environment
from locust.event import Events

from loadtests.own_users.measured_lookups import MeasuredLookups
from loadtests.page.access import idle_connections

REBOUND = {"Host": "evil.example:8089"}
FOREIGN = [
    REBOUND,
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
]


@pytest.fixture
def page(monkeypatch):
    """A client of the page, which is not started."""
    monkeypatch.setattr(sys, "argv", ["locust"])  # Locust reads it when it makes its page.
    monkeypatch.setattr(locust.web.pywsgi, "WSGIServer", idle_connections._Server.__base__)
    events = Events()
    MeasuredLookups(events)
    parser = get_parser(default_config_files=[])
    events.init_command_line_parser.fire(parser=parser)
    options = parser.parse_args(["--page-name", "load.example"])
    environment = Environment(events=events, parsed_options=options)
    runner = environment.create_local_runner()
    web_ui = environment.create_web_ui("127.0.0.1", 0, delayed_start=True)
    events.init.fire(environment=environment, runner=runner, web_ui=web_ui)
    yield web_ui.app.test_client()
    runner.quit()


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize("path", ["/swarm", "/stop", "/stats/reset"])
def test_pages_of_others_start_and_stop_nothing(page, path, headers):
    refused = page.post(path, headers=headers)

    assert refused.status_code == 403
    assert "start Locust with --page-name" in refused.json["message"]


def test_nothing_is_read_under_a_name_that_may_lead_here_from_elsewhere(page):
    assert page.get("/", headers=REBOUND).status_code == 403
    assert page.get("/stats/requests", headers={"Host": "load.example"}).status_code == 200


def test_no_answer_lets_another_site_read_or_frame_the_page(page):
    answer = page.get("/stats/requests", headers={"Origin": "http://evil.example"})

    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_idle_connections_to_the_page_are_closed(page):
    del page

    assert locust.web.pywsgi.WSGIServer is idle_connections._Server

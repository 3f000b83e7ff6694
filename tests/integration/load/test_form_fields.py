"""Which scenarios a start from Locust's page runs, and with how many users."""

import json
import urllib.parse
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.load.locust_load import LocustProcess, fetch, wait_for

pytestmark = pytest.mark.integration


@pytest.fixture
def page(request, service_url, tmp_path):
    """Yield the address of a page that was started with the parameter's arguments."""
    with LocustProcess(tmp_path, service_url, *request.param, headless=False) as locust:
        locust.until_page()
        yield locust.page_url


def post(url, data, **headers):
    request = urllib.request.Request(url, data.encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=60) as response:
        return response.read()


def swarm(page, **fields):
    form = {"user_count": 2, "spawn_rate": 100, "rate": 200, **fields}
    return json.loads(post(page + "/swarm", urllib.parse.urlencode(form, doseq=True)))


def stop(page):
    post(page + "/stop", "")


def weigh(page, scenario, weight):
    body = json.dumps({"user_class_name": scenario, "weight": weight})
    post(page + "/user", body, **{"Content-Type": "application/json"})


def requests_by_scenario(page):
    counts = {}
    for family in text_string_to_metric_families(fetch(page + "/metrics")):
        for sample in family.samples:
            if sample.name == "loadtest_requests_total" and sample.value:
                scenario = sample.labels["scenario"]
                counts[scenario] = counts.get(scenario, 0) + sample.value
    return counts


def run_to_its_end(page, requests=50, **fields):
    assert swarm(page, requests=requests, **fields)["success"]
    wait_for(lambda: sum(requests_by_scenario(page).values()) == requests)
    wait_for(lambda: "stopped" in fetch(page + "/stats/requests"))
    return set(requests_by_scenario(page))


@pytest.mark.parametrize("page", [["HotKey"]], indirect=True, ids=["named"])
def test_a_scenario_on_the_command_line_takes_precedence_over_the_forms(page):
    assert run_to_its_end(page, 50, scenario="ReadHeavy") == {"HotKey"}
    assert run_to_its_end(page, 60, scenario="MissingIds") == {"HotKey"}


@pytest.mark.parametrize("page", [[]], indirect=True, ids=["unnamed"])
def test_the_form_chooses_the_scenario_if_the_command_line_names_none(page):
    assert run_to_its_end(page, 50, scenario="HotKey") == {"HotKey"}
    assert run_to_its_end(page, 60, scenario="MissingIds") == {"MissingIds"}


@pytest.mark.parametrize("page", [["--class-picker"]], indirect=True, ids=["picker"])
def test_the_class_picker_needs_a_scenario_and_a_user_for_each(page):
    nothing = swarm(page)
    assert nothing["success"] is False
    assert "user classes must be some of ReadHeavy, " in nothing["message"]
    assert "got none; choose one at least" in nothing["message"]

    both = ["ReadHeavy", "HotKey"]
    weigh(page, "HotKey", 0)
    never = swarm(page, user_classes=both, user_count=9)
    assert never["success"] is False
    assert never["message"].startswith("weight of HotKey must be above 0, got '0'")

    weigh(page, "HotKey", 5)
    few = swarm(page, user_classes=both)
    assert few["success"] is False
    assert few["message"].startswith("users must be at least 3, so that each scenario chosen")

    assert run_to_its_end(page, user_classes=both, user_count=3) == set(both)


@pytest.mark.parametrize("page", [["--processes", 2]], indirect=True, ids=["two workers"])
def test_users_on_more_workers_than_slots_are_refused_at_the_start_and_in_an_edit(page):
    sentence = "max-in-flight must be at least 2, one for each process that sends, got '1'"
    wait_for(lambda: json.loads(fetch(page + "/stats/requests"))["workers"][1:])

    early = swarm(page, max_in_flight=1)
    assert (early["success"], early["message"][: len(sentence)]) == (False, sentence)

    assert swarm(page, max_in_flight=1, user_count=1)["success"]
    wait_for(lambda: requests_by_scenario(page))
    late = swarm(page, max_in_flight=1, user_count=2)
    assert (late["success"], late["message"][: len(sentence)]) == (False, sentence)
    assert "running" in fetch(page + "/stats/requests")
    stop(page)


@pytest.mark.parametrize("page", [["ReadHeavy", "HotKey"]], indirect=True, ids=["named"])
def test_an_edit_must_leave_each_scenario_a_user_and_cannot_change_a_counted_run(page):
    assert swarm(page)["success"]
    wait_for(lambda: len(requests_by_scenario(page)) == 2)
    assert "users must be at least 2" in swarm(page, user_count=1)["message"]
    assert swarm(page, user_count=4)["success"]
    stop(page)

    assert swarm(page, requests=100_000)["success"]
    wait_for(lambda: requests_by_scenario(page))
    edited = swarm(page, user_count=4)
    assert edited["success"] is False
    assert "keeps the users it began with; stop it and start a new one" in edited["message"]
    stop(page)

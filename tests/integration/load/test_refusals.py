"""Bad input to the load generator ends with one sentence and exit code 2; nothing is started."""

import json
import urllib.parse
import urllib.request

import pytest

from loadtests.stack.local import LocalStack
from tests.integration.load.locust_load import LocustProcess, run

pytestmark = pytest.mark.integration

RATE = "rate must be a number from 0.01 to 100000 arrivals/s, got '-5'; try 100"


@pytest.fixture(scope="module")
def service_url(require_servers):  # noqa: ARG001 - skips, or fails under CI, without Redis
    with LocalStack(database="sqlite", environment={"CONTROL_TOKEN": "secret"}) as stack:
        yield stack.service_urls[0]


@pytest.fixture(scope="module")
def page(service_url, tmp_path_factory):
    directory = tmp_path_factory.mktemp("page")
    token = {"CONTROL_TOKEN": "secret"}
    with LocustProcess(directory, service_url, headless=False, environment=token) as locust:
        locust.until_page()
        yield locust


def run_refused(tmp_path, url, *arguments, **given):
    locust = run(tmp_path, url, *arguments, **given)

    assert locust.code == 2
    assert "Traceback" not in locust.log_text
    assert not (locust.record / "start.json").exists()
    return locust.log_text


def submit(page, **fields):
    form = {"user_count": 1, "spawn_rate": 1, **fields}
    request = urllib.request.Request(
        page.page_url + "/swarm", urllib.parse.urlencode(form).encode(), method="POST"
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def test_a_bad_value_is_refused_on_the_command_line(tmp_path, service_url):
    assert RATE in run_refused(tmp_path, service_url, "--rate=-5")


def test_a_bad_value_is_refused_in_the_form_with_the_same_sentence(page):
    answer = submit(page, rate="-5")

    assert (answer["success"], answer["message"]) == (False, RATE)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"rate": "abc"}, "rate must be a number"),
        ({"skew": "nan"}, "skew must be a number"),
        ({"arrivals": "bursty"}, "arrivals must be one of poisson, paced"),
        ({"ttl_seconds": "-1"}, "ttl-seconds must be a number"),
        ({"user_count": "0"}, "users must be a whole number"),
        ({"spawn_rate": "inf"}, "spawn-rate must be a number"),
        ({"run_time": "soon"}, "run-time must be a time such as"),
        ({"scenario": "Nothing"}, "scenario must be one of ReadHeavy"),
        ({"trace": "/nowhere/trace.txt"}, "trace must be a file below a folder given at start"),
        ({"scenario": "TraceReplay"}, "give --trace a path"),
        ({"shape": "spike", "spike_seconds": "60"}, "spike-seconds must be less than"),
        ({"host": "http://127.0.0.1:1"}, "service http://127.0.0.1:1 cannot be reached"),
        ({"host": ""}, "host must be the service's URL, got ''; such as http://"),
        ({"host": "nonsense"}, "service-url must be http://host:port"),
        ({"host": "http://127.0.0.1:9/a b"}, "service-url must be http://host:port"),
    ],
    ids=lambda part: "-".join(part) if isinstance(part, dict) else "",
)
def test_every_field_of_the_form_is_checked_before_the_start(page, fields, sentence):
    answer = submit(page, **fields)

    assert answer["success"] is False
    assert sentence in answer["message"]
    assert sentence in page.log_text


@pytest.mark.parametrize("flag", ["--tags", "--exclude-tags"])
def test_tags_are_refused_because_scenarios_have_none(tmp_path, service_url, flag):
    said = run_refused(tmp_path, service_url, flag, "x", environment={"CONTROL_TOKEN": "secret"})

    assert "tags must be left out, because scenarios have none, got 'x'" in said


def test_a_login_without_a_login_page_is_refused_at_start(tmp_path, service_url):
    with LocustProcess(tmp_path, service_url, "--web-login", headless=False) as locust:
        assert locust.wait(60) == 2

    assert "web-login needs a login page, and this locustfile has none" in locust.log_text
    assert "Traceback" not in locust.log_text


def test_an_unknown_scenario_is_refused_as_in_the_form(tmp_path, service_url):
    said = run_refused(tmp_path, service_url, "--scenario", "Nothing")

    assert "scenario must be one of ReadHeavy" in said
    assert "got 'Nothing'; choose one of them" in said


def test_fewer_users_than_scenarios_are_refused_as_in_the_form(tmp_path, service_url):
    said = run_refused(tmp_path, service_url, "-u", "1", "ReadHeavy", "HotKey")

    assert "users must be at least 2, so that each scenario chosen has one, got '1'" in said


def test_no_users_are_refused_as_in_the_form(tmp_path, service_url):
    said = run_refused(tmp_path, service_url, "-u", "0")

    assert "users must be a whole number from 1 to 100000 users, got '0'; try 1" in said


def test_an_unreachable_service_ends_the_run_before_it_begins(tmp_path):
    said = run_refused(tmp_path, "http://127.0.0.1:1")

    assert "service http://127.0.0.1:1 cannot be reached" in said


def test_a_wrong_token_is_refused_with_the_remedy(tmp_path, service_url):
    said = run_refused(tmp_path, service_url, environment={"CONTROL_TOKEN": "wrong"})

    assert "set CONTROL_TOKEN in the environment to the service's" in said


def test_refusal_of_a_bad_trace_line_names_its_number(tmp_path, service_url):
    trace = tmp_path / "trace.txt"
    trace.write_text("1\n2\noops\n")

    said = run_refused(
        tmp_path, service_url, "--trace", trace, environment={"CONTROL_TOKEN": "secret"}
    )

    assert f"trace {trace}, line 3: an id must be 1 to 2147483647" in said
    assert "oops" not in said


def test_fewer_slots_than_workers_are_refused(tmp_path, service_url):
    words = ["--max-in-flight", 1, "--processes", 2, "-u", 2]

    locust = run(tmp_path, service_url, *words, environment={"CONTROL_TOKEN": "secret"})

    assert locust.code == 2
    assert "max-in-flight must be at least 2, one for each process that sends" in locust.log_text
    assert "Traceback" not in locust.log_text
    assert locust.summary["arrivals"] == 0


def test_a_trace_for_several_scenarios_is_refused(tmp_path, service_url):
    trace = tmp_path / "trace.txt"
    trace.write_text("1\n2\n")
    words = ["--trace", trace, "TraceReplay", "ReadHeavy"]

    said = run_refused(tmp_path, service_url, *words, environment={"CONTROL_TOKEN": "secret"})

    assert "trace must be replayed by one scenario, got 'ReadHeavy, TraceReplay'" in said


@pytest.mark.parametrize(
    ("gate", "sentence"),
    [
        (["--min-hit-ratio", "1"], "below 1"),
        (["--max-p99-ms", "0.001"], "above 0.001"),
        (["--max-stale-reads", "0"], "stale reads is unknown"),
    ],
    ids=["hit ratio", "p99", "stale reads"],
)
def test_a_missed_gate_fails_the_run_and_states_the_difference(
    tmp_path, service_url, gate, sentence
):
    token = {"CONTROL_TOKEN": "secret"}

    short = ["--requests", "50", "--ttl-seconds", "0.1"]
    locust = run(tmp_path, service_url, *short, *gate, environment=token)

    assert locust.code == 1
    assert sentence in locust.log_text


def test_a_run_that_reaches_its_gates_passes(tmp_path, service_url):
    gates = ["--min-hit-ratio", "0", "--max-p99-ms", "60000", "--min-achieved-ratio", "1"]
    # Some requests are in flight when the last one comes.
    few = ["--requests", "3000", "--rate", "2000", "--ttl-seconds", "0.1"]

    locust = run(tmp_path, service_url, *few, *gates, environment={"CONTROL_TOKEN": "secret"})

    assert locust.code == 0, locust.log_text


@pytest.mark.parametrize("processes", [[], ["--processes", "2"]], ids=["one process", "workers"])
def test_a_run_that_ends_before_its_users_are_spawned_passes_no_gate(
    tmp_path, service_url, processes
):
    words = ["-u", "100", "--spawn-rate", "1", "--run-time", "2s", "--min-hit-ratio", "0"]

    locust = run(tmp_path, service_url, *processes, *words, environment={"CONTROL_TOKEN": "secret"})

    assert locust.code == 1
    assert "no load was sent" in locust.log_text
    assert "gate: hit ratio is unknown" in locust.log_text
    assert locust.summary["arrivals"] == 0

"""The page that shows a sweep's trials to Prometheus."""

import socket
import urllib.request

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from loadtests.experiments.commands.trial_page import TrialGauges, TrialPage
from loadtests.experiments.commands.usage import UsageError
from loadtests.experiments.plan.trial_order import Trial
from loadtests.replay.trial_replay import ReplayRecord
from loadtests.service_under_test.contract import SERVICE_RESULTS
from loadtests.stack.ports import free_port

NONE = dict.fromkeys(SERVICE_RESULTS, 0)


def read(address):
    with urllib.request.urlopen(address, timeout=5) as answer:
        return answer.read().decode()


def test_trials_appear_on_the_page_as_they_end(record):
    with TrialPage("127.0.0.1", free_port()) as page:
        replay = ReplayRecord([{**NONE, "hit": 30, "miss": 10}], 10.0, [], None)
        page.show(record(trial=Trial(1, 0.5, 1, 1), replay=replay))
        page.show(record(trial=Trial(2, 5.0, 1, 1), aborted="the load ended"))
        text = read(page.address)

    assert 'loadtest_trial_hit_ratio{ttl_seconds="0.5"} 0.9' in text
    assert 'loadtest_trial_predicted_hit_ratio{ttl_seconds="0.5"} 0.9' in text
    assert 'loadtest_trial_replay_hit_ratio{ttl_seconds="0.5"} 0.75' in text
    assert 'ttl_seconds="5"' not in text


def test_a_sweep_shows_its_known_measured_and_predicted_ratios_by_ttl():
    registry = CollectorRegistry()
    TrialGauges(registry).show(5.0, measured=0.7, predicted=None, replayed=None)

    families = text_string_to_metric_families(generate_latest(registry).decode())
    assert [(s.name, s.labels, s.value) for family in families for s in family.samples] == [
        ("loadtest_trial_hit_ratio", {"ttl_seconds": "5"}, 0.7)
    ]


def test_page_is_gone_after_the_sweep():
    port = free_port()
    with TrialPage("127.0.0.1", port):
        pass

    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture
def taken():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_port_that_was_given_must_be_free(taken):
    with pytest.raises(UsageError, match=f"--metrics-port {taken} is not available"):
        TrialPage("127.0.0.1", taken).__enter__()


def test_invalid_host_is_not_reported_as_a_taken_port():
    with pytest.raises(UsageError, match=r"--metrics-host 999\.0\.0\.1 .* is not available"):
        TrialPage("999.0.0.1", None).__enter__()


def test_default_port_may_be_taken(taken, monkeypatch):
    monkeypatch.setattr("loadtests.experiments.commands.trial_page.SWEEP_METRICS_PORT", taken)

    with TrialPage("127.0.0.1", None) as page:
        assert page.address is None

"""ComposeStack against a stand-in for Docker's program that records its arguments."""

import argparse
import json

import pytest

from loadtests.experiments.commands.stack_flags import add_stack_flags, chosen_stack
from loadtests.experiments.commands.usage import UsageError
from loadtests.stack import compose
from loadtests.stack.compose import ComposeStack
from loadtests.stack.guardian import StackError

_CONFIG = {
    "services": {
        "service": {"environment": {"CONTROL_TOKEN": "lab"}},
        "mysql-svc": {"image": "mysql:8.4"},
    }
}
_SCRIPT = """#!/bin/sh
shift
echo "$*" >> {notes}
case "$*" in
  "version --short") echo 2.40.3 ;;
  "config --format json") cat {config} ;;
  "ps -q") cat {running} ;;
  "ps -q service") cat {services} ;;
  "port --index 1 service 8000") echo 127.0.0.1:8000 ;;
  "port --index 2 service 8000") echo 127.0.0.1:8001 ;;
  "port --index 1 redis-svc 6379") echo 127.0.0.1:6379 ;;
  *up*) [ ! -e {broken} ] || {{ echo "no such image" >&2; exit 1; }} ;;
esac
"""


@pytest.fixture
def docker(tmp_path, monkeypatch):
    """Return a folder whose `docker` records its arguments in the file `notes`."""
    places = {
        name: tmp_path / name for name in ("notes", "config", "running", "services", "broken")
    }
    places["config"].write_text(json.dumps(_CONFIG))
    places["running"].write_text("")
    places["services"].write_text("aaa\nbbb\n")
    script = tmp_path / "docker"
    script.write_text(_SCRIPT.format(**places))
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def _ups_and_downs(docker):
    lines = (docker / "notes").read_text().splitlines()
    return [line for line in lines if line.partition(" ")[0] in {"up", "down"}]


def test_stack_that_was_started_is_taken_down(docker):
    with ComposeStack(["service"], replicas=2) as stack:
        assert stack.service_urls == ["http://127.0.0.1:8000", "http://127.0.0.1:8001"]
        assert stack.redis_url == "redis://127.0.0.1:6379/0"
        assert stack.prometheus_url is None
        assert stack.control_token == "lab"
        assert stack.store_name == "mysql:8.4"

    assert _ups_and_downs(docker) == [
        "up --build --detach --wait --scale service=2 service",
        "down --timeout 2",
    ]


def test_stack_that_was_running_stays_up(docker):
    (docker / "running").write_text("aaa\n")

    with ComposeStack() as stack:
        assert stack.lines[0].startswith("compose: found running")

    assert _ups_and_downs(docker) == []


def choose(*words):
    parser = argparse.ArgumentParser()
    add_stack_flags(parser)
    return chosen_stack(parser.parse_args(words))


def test_flag_starts_the_service_and_what_it_needs(docker):
    with choose("--compose", "--service-processes", "2") as stack:
        assert len(stack.service_urls) == 2

    assert _ups_and_downs(docker)[0] == "up --build --detach --wait --scale service=2 service"


def test_flag_beside_addresses_is_refused():
    with pytest.raises(UsageError, match="leave the other URLs out"):
        choose("--compose", "--service-url", "http://127.0.0.1:1")


def test_running_stack_without_a_service_is_refused(docker):
    (docker / "running").write_text("ccc\n")
    (docker / "services").write_text("")

    with pytest.raises(StackError, match="none of service"), ComposeStack():
        pass

    assert _ups_and_downs(docker) == []


def test_failed_start_reports_the_message_of_compose_and_is_taken_down(docker):
    (docker / "broken").touch()

    with pytest.raises(StackError, match="no such image"), ComposeStack():
        pass

    assert _ups_and_downs(docker)[-1] == "down --timeout 2"


def test_error_on_a_machine_without_compose_advises_to_install_it(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(StackError, match="install Docker Compose"), ComposeStack():
        pass


def test_containers_of_an_installed_package_are_refused_before_any_is_looked_for(
    docker, monkeypatch
):
    monkeypatch.setattr(compose, "IN_CHECKOUT", False)

    with pytest.raises(StackError, match="clone of the repository"), ComposeStack():
        pass

    assert not (docker / "notes").exists()

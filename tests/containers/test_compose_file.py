"""Properties of docker-compose.yml, checked without an engine."""

import re

import pytest
import yaml

from service.domain.knobs import CHOICES, NUMBERS
from tests.dashboards.board_files import ROOT

TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
OURS = {"cacheaside-service", "cacheaside-locust"}
# The image of redis-exporter contains no program that could check it; Prometheus monitors it. A
# Locust worker serves no page; its master monitors it.
WITHOUT_HEALTH_CHECK = {"redis-exporter", "locust-worker"}
# They end by themselves; services that need them wait for that.
ONE_SHOT = {"redis-cluster", "sweep"}

each_service = pytest.mark.parametrize("name", SERVICES)


@each_service
def test_images_are_pinned_to_one_version_or_built_here(name):
    image = SERVICES[name]["image"]

    if image in OURS:
        assert SERVICES[name]["build"]["target"] == image.removeprefix("cacheaside-")
    else:
        assert re.search(r":v?\d+\.\d+\.\d+", image), image


def test_base_images_are_pinned_and_nothing_else_is_pulled():
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]

    assert {base for base in bases if base != "base"} == {"python:3.13-slim"}
    assert not lines[0].startswith("# syntax")


@each_service
def test_ports_are_published_on_loopback_alone(name):
    for port in SERVICES[name].get("ports", ()):
        assert port.startswith("127.0.0.1:${"), port


@each_service
def test_memory_is_limited(name):
    assert SERVICES[name].get("mem_limit") or name in ONE_SHOT


@each_service
def test_containers_have_no_capabilities_and_a_read_only_root_file_system(name):
    service = SERVICES[name]

    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True


@each_service
def test_long_running_services_have_a_health_check_that_old_engines_accept(name):
    check = SERVICES[name].get("healthcheck")

    if name in WITHOUT_HEALTH_CHECK | ONE_SHOT:
        assert check is None
    else:
        assert "start_interval" not in check


def test_only_the_two_original_containers_have_fixed_names():
    named = {name: service.get("container_name") for name, service in SERVICES.items()}

    assert {name: fixed for name, fixed in named.items() if fixed} == {
        "mysql-svc": "mysql-svc",
        "redis-svc": "redis-svc",
    }


def test_redis_writes_no_file_that_the_star_of_keys_could_expand_to():
    assert '--save "" --appendonly no' in SERVICES["redis-svc"]["command"]


@pytest.mark.parametrize(
    "name", [name for name, service in SERVICES.items() if service["image"].startswith("redis:")]
)
def test_redis_has_no_anonymous_volume(name):
    """Its image declares a volume at /data; after a plain `down`, `down -v` would not find it."""
    named = [volume.removesuffix(":/data") for volume in SERVICES[name].get("volumes", ())]

    assert "/data" in SERVICES[name].get("tmpfs", ()) or set(named) & set(COMPOSE["volumes"])


def test_health_check_of_mysql_uses_tcp_because_the_socket_answers_too_early():
    assert "-h 127.0.0.1" in SERVICES["mysql-svc"]["healthcheck"]["test"][1]


def test_service_does_not_log_in_to_mysql_as_root():
    assert "//service:" in SERVICES["service"]["environment"]["DATABASE_URL"]


def test_every_knob_can_be_set_from_the_environment():
    knobs = {name.upper() for name in (*NUMBERS, *CHOICES)}

    assert knobs <= set(SERVICES["service"]["environment"])


def test_secrets_have_lab_defaults_that_do_not_replace_an_empty_value():
    """${X-lab} uses the default when X is unset; ${X:-lab} would also use it when X is empty."""
    secrets = re.findall(r"\$\{(\w*(?:PASSWORD|TOKEN)\w*)([^}]*)\}", TEXT)

    assert {name for name, _ in secrets} == {
        "MYSQL_ROOT_PASSWORD",
        "SERVICE_DB_PASSWORD",
        "EXPORTER_DB_PASSWORD",
        "CONTROL_TOKEN",
        "GF_SECURITY_ADMIN_PASSWORD",
    }
    assert all(default in {"-lab", "-root"} for _, default in secrets)


def test_env_example_shows_every_variable_with_its_default():
    for name, default in re.findall(r"\$\{(\w+):?-([^}]*)\}", TEXT):
        if name != "COMPOSE_PROJECT_NAME":
            assert f"# {name}={default}" in EXAMPLE


@pytest.mark.parametrize("profile", ["demo", "scale", "cluster"])
def test_profile_starts_something(profile):
    assert any(profile in service.get("profiles", ()) for service in SERVICES.values())


def test_grafana_reads_the_dashboards_and_data_source_of_this_repository():
    grafana = SERVICES["grafana"]
    provider = yaml.safe_load((ROOT / "dashboards/grafana/dashboards/dashboards.yml").read_text())
    source = yaml.safe_load((ROOT / "dashboards/grafana/datasources/prometheus.yml").read_text())
    prometheus = yaml.safe_load((ROOT / "dashboards/prometheus/prometheus.yml").read_text())
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]

    assert "./dashboards:/dashboards:ro" in grafana["volumes"]
    assert provider["providers"][0]["options"]["path"] == "/dashboards"
    assert (ROOT / home.lstrip("/")).exists()
    assert source["datasources"][0]["url"] == "http://prometheus:9090"
    # Grafana computes $__rate_interval from this value.
    interval = source["datasources"][0]["jsonData"]["timeInterval"]
    assert prometheus["global"]["scrape_interval"] == interval

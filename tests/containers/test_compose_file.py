"""Properties of docker-compose.yml, checked without an engine."""

import re

import pytest
import yaml

from service.__main__ import HTTP_THREADS
from service.domain.knobs import CHOICES, NUMBERS
from service.settings import Settings
from service.task_limits import needed_tasks
from tests.dashboards.board_files import ROOT

TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
SHA256 = "sha256:[0-9a-f]{64}"
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
        # Compose drops the digest where IMAGE_DIGEST is set and empty.
        pinned = rf"[\w/-]+:v?\d+\.\d+\.\d+[\w-]*\$\{{IMAGE_DIGEST-@{SHA256}\}}"
        assert re.fullmatch(pinned, image), image


def test_base_images_are_pinned_and_nothing_else_is_pulled():
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
    (python,) = [line.split("=", 1)[1] for line in lines if line.startswith("ARG PYTHON_IMAGE=")]

    assert {base for base in bases if base != "base"} == {"${PYTHON_IMAGE}"}
    assert re.fullmatch(rf"python:3\.13\.\d+-slim@{SHA256}", python)
    assert not lines[0].startswith("# syntax")


def test_no_two_images_have_the_same_digest():
    digests = {}
    for service in SERVICES.values():
        image, _, digest = service["image"].partition("${IMAGE_DIGEST-@")
        if digest:
            digests.setdefault(digest, set()).add(image)

    assert [images for images in digests.values() if len(images) > 1] == []


@pytest.mark.parametrize("name", [name for name in SERVICES if "build" in SERVICES[name]])
def test_another_base_image_can_be_named_for_every_image_that_is_built_here(name):
    assert SERVICES[name]["build"]["args"] == ["PYTHON_IMAGE"]


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
def test_number_of_threads_and_processes_is_limited(name):
    assert SERVICES[name]["pids_limit"] == (2304 if name == "service" else 256)


def test_service_may_start_as_many_threads_as_it_can_be_told_to():
    most = needed_tasks(Settings(threads=1024, store_pool_size=1024), HTTP_THREADS)

    # The health check and what started the service need some too.
    assert most + 128 <= SERVICES["service"]["pids_limit"]


@pytest.mark.parametrize("name", [name for name in SERVICES if "healthcheck" in SERVICES[name]])
def test_health_check_asks_what_it_checks(name):
    check = SERVICES[name]["healthcheck"]
    words = " ".join(check["test"])

    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert re.search(r"http://|/compose/answers\.sh \d+ /|redis-cli ping|mysqladmin .*ping", words)
    # A check that cannot fail: `true`, `exit 0`, `… || true`, `…; echo done`.
    assert not re.search(r"\btrue\b|\bexit 0\b|\|\||;|\becho\b", words)
    assert not check.get("disable")


def test_a_stranger_may_look_at_grafana_and_change_nothing():
    environment = SERVICES["grafana"]["environment"]

    assert environment["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"
    # Admin for all, without a login form, or an account for whoever asks.
    assert not {"GF_AUTH_DISABLE_LOGIN_FORM", "GF_USERS_ALLOW_SIGN_UP"} & set(environment)
    assert not [name for name in environment if "AUTO_ASSIGN" in name or "VIEWERS_CAN" in name]


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
        if name == "IMAGE_DIGEST":
            assert "# IMAGE_DIGEST=\n" in EXAMPLE
        elif name != "COMPOSE_PROJECT_NAME":
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

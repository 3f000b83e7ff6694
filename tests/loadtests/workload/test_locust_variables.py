"""The environment variables of the load generator's flags."""

import pytest
from locust.argument_parser import (
    get_empty_argument_parser,
    get_parser,
    setup_parser_arguments,
)

import loadtests.locustfile  # noqa: F401 - adds its flags to Locust's parser


@pytest.fixture
def parser():
    """Return Locust's parser with our flags, without the configuration of whoever runs it."""
    return get_parser(default_config_files=[])


def _own_flags(parser):
    locusts = get_empty_argument_parser(default_config_files=[])
    setup_parser_arguments(locusts)
    known = {action.dest for action in locusts._actions}
    return [action for action in parser._actions if action.dest not in known]


def test_every_flag_has_its_own_variable_named_like_those_of_locust(parser):
    own = _own_flags(parser)

    assert {action.dest for action in own} >= {"rate", "ttl_seconds", "scenario", "metrics_port"}
    assert [action.env_var for action in own] == [f"LOCUST_{each.dest.upper()}" for each in own]
    others = [action.env_var for action in parser._actions if action not in own]
    assert {action.env_var for action in own}.isdisjoint(others)


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("LOCUST_RATE", "40", "rate", 40.0),
        ("LOCUST_TTL_SECONDS", "7", "ttl_seconds", 7.0),
        ("LOCUST_PROTECTION", "lease", "protection", "lease"),
        ("LOCUST_SCENARIO", "HotKey", "scenario", "HotKey"),
        ("LOCUST_SERVICE_URL", "http://b:2", "service_url", ["http://b:2"]),
        ("LOCUST_SERVICE_URL", "[http://a:1, http://b:2]", "service_url", None),
        ("LOCUST_METRICS_PORT", "9646", "metrics_port", 9646),
    ],
)
def test_a_variable_sets_its_flag(parser, monkeypatch, variable, text, name, value):
    monkeypatch.setenv(variable, text)

    wanted = value or ["http://a:1", "http://b:2"]
    assert getattr(parser.parse_args([]), name) == wanted


def test_the_command_line_overrides_a_variable(parser, monkeypatch):
    monkeypatch.setenv("LOCUST_RATE", "40")

    assert parser.parse_args(["--rate", "50"]).rate == 50.0


def test_a_wrong_value_in_a_variable_is_refused_as_on_the_command_line(parser, monkeypatch, capsys):
    monkeypatch.setenv("LOCUST_RATE", "fast")

    with pytest.raises(SystemExit) as exited:
        parser.parse_args([])

    assert exited.value.code == 2
    assert "rate must be a number from 0.01 to 100000 arrivals/s, got 'fast'" in (
        capsys.readouterr().err
    )

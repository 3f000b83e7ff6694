"""The load flags: their ranges, their messages and the combinations that are refused."""

import argparse

import pytest

from loadtests.run.gates import GATE_FLAGS
from loadtests.workload.flags import LOAD_FLAGS, FlagError, add_load_flags
from loadtests.workload.knob_flags import (
    KNOB_FLAGS,
    knobs_from,
    parse_changes,
    parse_knobs,
)
from loadtests.workload.presets import PRESETS
from tests.loadtests.settings_for import options, settings

NUMBERS = [
    flag for flag in (*LOAD_FLAGS, *KNOB_FLAGS, *GATE_FLAGS) if not isinstance(flag.default, str)
]
BY_KEY = {flag.key: flag for flag in LOAD_FLAGS}
INVALID = [(flag, text) for flag in NUMBERS for text in ("-1", "nan", "1e30", "abc", "inf")]


class Parser(argparse.ArgumentParser):
    """Accepts Locust's extra arguments."""

    def add_argument(self, *names, include_in_web_ui=True, env_var=None, **given):  # noqa: ARG002 - Locust's names
        return super().add_argument(*names, **given)


@pytest.mark.parametrize(("flag", "text"), INVALID, ids=lambda part: getattr(part, "name", part))
def test_a_number_out_of_range_is_refused_with_name_value_and_remedy(flag, text):
    with pytest.raises(FlagError) as refused:
        flag.parse(text)

    sentence = str(refused.value)
    assert sentence.startswith(f"{flag.name} must be ")
    assert f"got {text!r}; try {flag.default:g}" in sentence


@pytest.mark.parametrize("flag", NUMBERS, ids=lambda flag: flag.name)
def test_default_and_bounds_of_a_number_are_accepted(flag):
    for value in (flag.default, flag.low, flag.high):
        text = f"{value:.10g}" if isinstance(flag.default, float) else str(int(value))
        assert flag.parse(text) == pytest.approx(value)


def test_refusal_of_an_unknown_word_lists_the_allowed_ones():
    with pytest.raises(FlagError, match="arrivals must be one of poisson, paced, got 'bursty'"):
        BY_KEY["arrivals"].parse("bursty")


def test_the_command_line_refuses_a_value_with_the_flags_own_message(capsys):
    parser = Parser(prog="locust")
    add_load_flags(parser)
    for flag in KNOB_FLAGS:
        flag.add_to(parser)

    with pytest.raises(FlagError) as refused:
        BY_KEY["rate"].parse("-5")
    with pytest.raises(SystemExit) as exited:
        parser.parse_args(["--rate=-5"])

    assert exited.value.code == 2
    assert str(refused.value) in capsys.readouterr().err


def test_host_gives_the_urls_of_the_service():
    assert settings(host="http://a:1/,http://b:2").service_urls == ("http://a:1", "http://b:2")


def test_service_url_takes_precedence_over_host():
    assert settings(host="http://a:1", service_url=["http://b:2"]).service_urls == ("http://b:2",)


@pytest.mark.parametrize("url", ["a:1", "ftp://a", "http://", "http://a:99999", "http://a:x"])
def test_an_invalid_url_is_refused(url):
    with pytest.raises(FlagError, match="service-url must be http://host:port"):
        settings(service_url=[url])


def test_a_spike_must_fit_its_period():
    with pytest.raises(FlagError, match="spike-seconds must be less than shape-period-seconds"):
        settings(shape="spike", shape_period_seconds=5.0, spike_seconds=5.0)


def test_shares_of_lookups_must_not_exceed_one_in_total():
    with pytest.raises(FlagError, match="one-hit-ratio must be at most"):
        settings(missing_ratio=0.7, one_hit_ratio=0.4)


def test_a_record_directory_that_cannot_be_created_is_refused(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(FlagError, match="record must be a directory that can be written"):
        settings(record=str(tmp_path / "file" / "run"))


def test_refusal_of_a_bad_trace_line_names_its_number(tmp_path):
    trace = tmp_path / "trace.txt"
    trace.write_text("1\nx\n")

    with pytest.raises(FlagError, match="line 2"):
        settings(trace=str(trace)).read_trace()


def test_replaying_times_needs_a_trace_that_has_them(tmp_path):
    trace = tmp_path / "trace.txt"
    trace.write_text("1\n")

    with pytest.raises(FlagError, match="its lines have no times"):
        settings(trace=str(trace), trace_times="yes").read_trace()


def test_knobs_left_empty_are_not_sent():
    assert settings().knobs == {}


def test_knobs_that_are_set_are_sent():
    given = options(ttl_seconds="2.5", protection="lease")

    assert knobs_from(given) == {"ttl_seconds": 2.5, "protection": "lease"}


def test_an_unknown_knob_is_refused():
    with pytest.raises(FlagError, match="knob must be one of ttl_seconds"):
        parse_changes({"ttl": "5"})


@pytest.mark.parametrize("key", ["ttl_seconds", "protection"])
@pytest.mark.parametrize("text", ["", "unchanged"])
def test_a_change_of_a_knob_without_a_value_is_refused(key, text):
    with pytest.raises(FlagError, match=rf"must be .*, got '{text}'; "):
        parse_changes({"early_beta": "2", key: text})


def test_a_change_returns_every_knob_that_it_names():
    assert parse_changes({"ttl_seconds": "5", "fencing": "off"}) == {
        "ttl_seconds": 5.0,
        "fencing": "off",
    }


def test_a_preset_sets_skew_write_ratio_and_ttl():
    preset = PRESETS["twitter-cluster7"]

    taken = settings(preset="twitter-cluster7")

    assert (taken.skew, taken.write_ratio) == (preset.skew, preset.write_ratio)
    assert taken.knobs == {"ttl_seconds": 6480.0, "ttl_jitter_ratio": 0.11}


def test_a_given_ttl_takes_precedence_over_the_presets():
    assert settings(preset="twitter-cluster4", ttl_seconds="5").knobs["ttl_seconds"] == 5.0


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_within_the_ranges_of_the_flags(name):
    taken = settings(preset=name)

    assert parse_knobs({key: str(value) for key, value in taken.knobs.items()}) == taken.knobs
    assert BY_KEY["skew"].parse(str(taken.skew)) == taken.skew
    assert BY_KEY["write_ratio"].parse(str(taken.write_ratio)) == taken.write_ratio

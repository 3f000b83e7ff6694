"""The sentences that say what was sent, and which knobs or which target were measured."""

import dataclasses
from types import SimpleNamespace

import pytest

from loadtests.experiments.report.run_settings import knob_sentence, load_sentence, settings_of

FLAGS = {
    "popularity": "zipf",
    "skew": 0.99,
    "items": 1000,
    "missing_ratio": 0.0,
    "one_hit_ratio": 0.0,
}


@pytest.fixture
def run():
    """Returns a run of 100 lookups a second with some changes of its load and plan."""

    def build(load=(), flags=(), target=None, **plan):
        given = {"arrivals": "poisson", "rate": 100.0, "trace": None, **dict(load)}
        given["flags"] = FLAGS | dict(flags)
        return SimpleNamespace(plan={"load": given, **plan}, target=target)

    return build


def test_lookups_alone_are_said_with_rate_arrivals_and_keys(run):
    assert load_sentence(run()) == (
        "Traffic: 100 lookups per second, open, Poisson; Zipf (s = 0.99) over 1000 items."
    )


def test_writes_and_a_shape_are_said(run):
    writing = run({"scenario": "ReadWrite"}, {"write_ratio": 0.05, "shape": "spike"})

    assert "100 requests per second" in load_sentence(writing)
    assert "write ratio 0.05; shape spike." in load_sentence(writing)


def test_axes_are_said_with_all_their_values(run):
    varied = run(axes={"rate": [50.0, 100.0], "scenario": ["ReadWrite"], "preset": ["a", "b"]})

    assert load_sentence(varied).startswith("Traffic: 50/100 requests per second")
    assert "writes as in each preset" in load_sentence(varied)
    assert load_sentence(varied).endswith("Varied: rate 50, 100; scenario ReadWrite; preset a, b.")


def test_trace_is_said_by_its_name(run):
    assert "trace day.csv, the whole run measured from a cold cache" in load_sentence(
        run({"trace": "/logs/day.csv"})
    )


def test_other_ids_are_said_with_their_share(run):
    assert "over 1000 items, 10% of them" in load_sentence(run(flags={"missing_ratio": 0.1}))


def test_knobs_of_the_plan_are_said_but_those_that_vary(run):
    planned = run(knobs={"protection": "lease", "fencing": "on"}, axes={"fencing": ["on", "off"]})

    assert knob_sentence(planned) == "Knobs: protection lease."
    assert knob_sentence(run()) == "Knobs: the service's own."
    assert knob_sentence(run(target="GET /item/{id}")) == "Target: GET /item/{id}."


def test_when_a_run_was_resumed_is_a_setting_only_of_one_that_was(run_record):
    def names(record):
        return [setting.name for setting in settings_of(record, [])["Run"]]

    assert "resumed_at" not in names(run_record)
    assert "resumed_at" in names(dataclasses.replace(run_record, resumed_at=[1_700_000_100.0]))

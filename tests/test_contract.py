"""What service, load generator and README agree on, although neither program imports the other."""

import re
from dataclasses import fields

import pytest
import yaml

from dashboards.generator.annotations import CHOICE_KNOBS, NUMBER_KNOBS
from loadtests.sender.samples import RESULTS
from loadtests.service_under_test import contract
from loadtests.service_under_test.contract import SERVICE_RESULTS
from loadtests.side_by_side import contenders
from loadtests.stack.guardian import ROOT
from loadtests.traffic.trace import LARGEST_ID
from loadtests.workload.flags import LARGEST_CATALOGUE, UNCHANGED
from loadtests.workload.knob_flags import KNOB_FLAGS
from service.__main__ import HTTP_THREADS
from service.domain.fruit import MAX_ID
from service.domain.knobs import CHOICES, NUMBERS, Knobs
from service.domain.lookup import LookupResult
from service.web.control import MAX_ITEMS

README = (ROOT / "README.md").read_text(encoding="utf-8")
FLAGS = {flag.key: flag for flag in KNOB_FLAGS}
DEFAULTS = Knobs().as_json_object()


def _rows(heading: str) -> dict[str, list[str]]:
    """Return the rows of README's table under a heading line, by the code in their first cell."""
    table = README.partition(heading)[2].partition("\n\n")[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return {first.strip("`"): rest for first, *rest in cells if first.startswith("`")}


DOCUMENTED = _rows("| knob | values | default |")


def _bounds(text: str) -> tuple[float, float]:
    """Return the first and last number of a cell, converted to seconds where it is in days."""
    numbers = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text.partition(",")[0])]
    return numbers[0], numbers[-1] * (86_400 if " days" in text else 1)


def test_knobs_of_service_load_generator_and_readme_have_the_same_names():
    names = [field.name for field in fields(Knobs)]

    assert sorted(names) == sorted([*NUMBERS, *CHOICES])
    assert sorted(names) == sorted(FLAGS)
    assert sorted(names) == sorted(DOCUMENTED)


def test_load_generator_knows_which_knobs_are_numbers():
    assert set(contract.NUMBER_KNOBS) == set(NUMBERS)
    assert max(number.high for number in NUMBERS.values()) <= contract.LARGEST_KNOB


def test_every_knob_is_marked_on_the_dashboards():
    assert {"ttl_seconds", *NUMBER_KNOBS} == set(NUMBERS)
    assert set(CHOICE_KNOBS) == set(CHOICES)


def test_every_knob_reaches_the_container_of_the_service_from_the_environment():
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    passed_on = compose["services"]["service"]["environment"]

    assert {field.name.upper() for field in fields(Knobs)} <= set(passed_on)


@pytest.mark.parametrize("name", NUMBERS)
def test_number_knob_has_one_range_and_default_everywhere(name):
    number, flag = NUMBERS[name], FLAGS[name]
    values, default = DOCUMENTED[name]

    assert (number.low, number.high, DEFAULTS[name]) == (flag.low, flag.high, flag.default)
    assert (number.low, number.high) == _bounds(values)
    assert float(default) == DEFAULTS[name]


@pytest.mark.parametrize("name", CHOICES)
def test_choice_knob_has_the_same_words_everywhere(name):
    words = [str(word) for word in CHOICES[name]]
    values, default = DOCUMENTED[name]

    assert (UNCHANGED, *words) == FLAGS[name].choices
    assert set(words) == set(re.findall(r"`([^`]+)`", values))
    assert default.strip("`") == DEFAULTS[name]


def test_results_of_a_lookup_are_the_same_words_everywhere():
    words = tuple(LookupResult)

    assert set(RESULTS) - {"failed", "dropped", "unknown"} == set(words)
    assert words == SERVICE_RESULTS
    assert set(_rows("| `X-Cache` | what happened | status |")) == {word.name for word in words}


TEXTS = [
    path
    for pattern in ("*.md", "docs/*.md", "service/**/*", "loadtests/**/*", "dashboards/**/*")
    for path in ROOT.glob(pattern)
    if path.suffix in {".py", ".md", ".yml", ".jinja", ".html", ".js", ".lua"}
]


def test_results_that_are_listed_are_listed_with_near():
    known = {}
    for path in TEXTS:
        lines = path.read_text(encoding="utf-8").splitlines()
        for number in range(len(lines)):
            words = set(re.findall(r"[a-z]+", " ".join(lines[number : number + 2]).lower()))
            if {"hit", "stale", "negative"} <= words:
                about = " ".join(lines[max(0, number - 4) : number + 6]).lower()
                known[f"{path.relative_to(ROOT)}:{number + 1}"] = "near" in re.findall(
                    r"[a-z]+", about
                )

    assert len(known) > 5
    assert [place for place, knows in known.items() if not knows] == []


def test_largest_catalogue_and_id_are_the_same_on_both_sides():
    assert LARGEST_CATALOGUE == MAX_ITEMS
    assert LARGEST_ID == MAX_ID


def test_what_the_service_is_measured_beside_has_as_many_http_threads():
    assert contenders.HTTP_THREADS == ("--runtime-mode", "mt", "--runtime-threads", "2")
    assert HTTP_THREADS == 2

"""The commands that README and docs tell people to type are understood as they stand there."""

import re
import shlex

import pytest

from loadtests.cli import OneLineParser, add_verbs
from loadtests.experiments.commands.usage import given_values
from loadtests.experiments.plan.fields import FIELDS, KNOBS
from loadtests.experiments.plan.plan import make_plan
from loadtests.experiments.plan.toml_file import find_plan
from loadtests.run.gates import GATE_FLAGS
from loadtests.stack.guardian import ROOT
from loadtests.workload.flags import LOAD_FLAGS
from loadtests.workload.knob_flags import KNOB_FLAGS
from loadtests.workload.target_flags import TARGET_FLAGS

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
LOCUSTS_OWN = {
    "headless",
    "host",
    "run-time",
    "users",
    "processes",
    "worker",
    "master",
    "html",
    "json",
}
QUESTIONS = (ROOT / "docs/questions.md").read_text(encoding="utf-8")


def commands(text, start):
    """Return the words after *start* of each command that a page shows on lines of its own."""
    joined = text.replace("\\\n", " ")
    found = re.findall(rf"^    (?:\w+=\S+ )*(?:{start}) (.*)$", joined, re.MULTILINE)
    return [shlex.split(each, comments=True) for each in found]


def of_pages(start):
    return [
        pytest.param(words, id=f"{page.name}: {' '.join(words)[:60]}")
        for page in PAGES
        for words in commands(page.read_text(encoding="utf-8"), start)
    ]


@pytest.fixture(scope="module")
def parser():
    parser = OneLineParser(prog="cacheaside")
    verbs = parser.add_subparsers(dest="verb", required=True)
    add_verbs(verbs, ())
    return parser


@pytest.mark.parametrize("words", of_pages("python -m loadtests|cacheaside"))
def test_command_of_a_page_is_understood(parser, words):
    words = [word for word in words if word != "--help"]  # It would end the program.

    options = parser.parse_args(words)

    assert options.verb == words[0]
    if options.verb == "sweep" and not options.target_url:
        if options.name and "." not in options.name:
            find_plan(options.name)
        make_plan(given_values(options, FIELDS), given_values(options, KNOBS))


@pytest.mark.parametrize("words", of_pages("locust"))
def test_flag_of_a_locust_command_is_known(words):
    flags = (*LOAD_FLAGS, *KNOB_FLAGS, *GATE_FLAGS, *TARGET_FLAGS)
    known = {flag.name for flag in flags} | LOCUSTS_OWN
    given = {word[2:].partition("=")[0] for word in words if word.startswith("--")}

    assert given - known == set()


@pytest.mark.parametrize(
    ("question", "verbs"),
    [
        ("Which TTL should I choose?", {"profile", "record", "recommend", "sweep"}),
        ("My hit ratio is lower than predicted. Why?", set()),
        ("Is Redis too small?", {"profile"}),
        ("Why is p99 the time of a miss?", {"sweep"}),
        ("Why are there two ratios?", set()),
        ("How stale are my answers?", set()),
        ("Did my change make it slower?", {"sweep", "compare"}),
        ("How many lookups a second can it take?", {"capacity"}),
        ("What happens when it breaks?", {"drill"}),
    ],
)
def test_question_is_answered_with_its_commands(question, verbs):
    answer = QUESTIONS.partition(f"## {question}\n")[2].partition("\n## ")[0]

    assert len(answer) > 200
    assert {words[0] for words in commands(answer, "python -m loadtests")} == verbs

"""The locustfiles of docs/own-service.md."""

import textwrap

import pytest

from loadtests.stack.guardian import ROOT

PAGE = (ROOT / "docs" / "own-service.md").read_text(encoding="utf-8")
EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_stands_in_the_documentation_word_for_word(example):
    text = example.read_text(encoding="utf-8")

    assert len(text.splitlines()) <= 40
    assert textwrap.indent(text, "    ") in PAGE


def test_documentation_has_both_kinds_of_service():
    assert [path.stem for path in EXAMPLES] == ["product_api", "silent_api"]

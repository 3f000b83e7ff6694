"""What a terminal gets to see of texts of others."""

import io

import pytest
from rich.table import Table
from rich.text import Text

from loadtests.output.plain_console import PlainConsole

STEERING = {
    "a new title for the window": "a\x1b]0;owned\x07b",
    "a cleared screen": "\x1b[2J\x1b[H",
    "the same in one character": "\x9b2J",
    "a line written over": "safe\rrm",
    "letters taken back": "x\x08\x7fy",
    "letters in another order": "\u202egpj.exe\u2066",
}
OBEYED = {*map(chr, range(32)), *map(chr, range(0x7F, 0xA0)), "\u202e", "\u2066"} - {"\n"}


def printed(*things, **options):
    console = PlainConsole(file=io.StringIO(), width=60, highlight=False, markup=False, **options)
    console.print(*things)
    return console.file.getvalue()


@pytest.mark.parametrize("text", STEERING.values(), ids=STEERING)
@pytest.mark.parametrize("form", [str, Text, Table])
def test_a_text_cannot_steer_the_terminal(text, form):
    assert set(printed(form(text))) & OBEYED == set()


def test_a_control_character_is_shown_as_a_picture():
    assert printed("\x1b[2J \x9b") == "\u241b[2J \ufffd\n"


def test_a_terminal_still_gets_the_looks_that_are_ours():
    bold = Text("bold", style="bold")

    seen = printed(bold, "a\nb", force_terminal=True, color_system="standard")

    assert seen == "\x1b[1mbold\x1b[0m a\nb\n"

"""Blocks and lines of a log: the same as Python's own reading of a text, however it is cut."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.request_logs import source
from loadtests.request_logs.source import Source, lines_of

PIECES = ["a", "ä", "1,b", "\n", "\r\n", "\r", "\n\n", "\r\r", "\x0b", "\x1c", "\u2028", "\ufeff"]


def _lines(path):
    with Source(str(path)) as opened:
        return [line for block in opened.blocks() for line in lines_of(block)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("block_bytes", [3, 5, 1 << 20])
def test_lines_are_those_of_python(tmp_path, monkeypatch, encoding, block_bytes):
    monkeypatch.setattr(source, "_BLOCK_BYTES", block_bytes)

    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join))
    def judge(text):
        packed = text.encode(encoding)
        (tmp_path / "log").write_bytes(packed)
        reading = "utf-8-sig" if encoding == "utf-8" else encoding
        expected = list(io.TextIOWrapper(io.BytesIO(packed), reading, newline=None))
        expected[-1:] = [each.removesuffix("\n") + "\n" for each in expected[-1:]]
        assert _lines(tmp_path / "log") == expected

    judge()


def test_wrong_bytes_stay_distinct(tmp_path):
    (tmp_path / "log").write_bytes(b"\xff\n\xfe\n")

    assert _lines(tmp_path / "log") == ["\udcff\n", "\udcfe\n"]


def test_blocks_are_whole_lines_that_are_never_longer_than_the_longest(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "_BLOCK_BYTES", 8)
    monkeypatch.setattr(source, "LONGEST_LINE", 20)
    (tmp_path / "log").write_bytes(b"one\ntwo\n" + b"x" * 100 + b"\nthree\n" + b"y" * 19)

    with Source(str(tmp_path / "log")) as opened:
        blocks = list(opened.blocks())

    assert all(block.endswith(b"\n") for block in blocks)
    assert b"".join(blocks) == b"one\ntwo\n" + b"x" * 19 + b"\nthree\n" + b"y" * 19 + b"\n"

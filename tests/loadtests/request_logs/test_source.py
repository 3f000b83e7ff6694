"""Blocks and lines of a log: the same as Python's own reading of a text, however it is cut."""

import gzip
import io
import os
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.request_logs import source
from loadtests.request_logs.loading import Timing, load_logs
from loadtests.request_logs.recognition import Reading
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


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_bytes_that_were_read_of_files_are_those_of_the_files(tmp_path, pack):
    paths = [tmp_path / "one", tmp_path / "two"]
    for path in paths:
        path.write_bytes(pack(b"time,key\n" + b"".join(b"%d,k\n" % i for i in range(60_000))))
    seen = []

    load_logs([*map(str, paths)], Reading(), Timing(), lambda *counts: seen.append(counts))

    lines, sizes = zip(*seen, strict=True)
    assert sum(lines) == 2 * 60_001
    assert sum(sizes) == sum(path.stat().st_size for path in paths)
    assert len(seen) >= 4


def test_bytes_of_a_pipe_are_not_counted(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(b"1\n2\n",))
    writer.start()
    with Source(str(tmp_path / "pipe")) as opened:
        assert [*opened.blocks()] == [b"1\n2\n"]
        assert opened.bytes_since() == 0
    writer.join()

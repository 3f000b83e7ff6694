"""Logs that are damaged, absurd or meant to harm: counted or refused in a line, never a crash."""

import bz2
import errno
import gzip
import itertools
import lzma

import pytest
import zstandard

from loadtests.request_logs.formats.mysql_log import join_statements
from loadtests.request_logs.log_reader import read_log
from loadtests.request_logs.logged_keys import printable
from loadtests.request_logs.recognition import Reading
from loadtests.request_logs.request_log import RequestLogWriter
from loadtests.request_logs.source import LogError, Source, lines_of

GENERAL = "2025-10-10T13:55:36.000000Z\t    8 Query\tSELECT id FROM fruit WHERE id = 1\n"
SLOW = "# Time: 2025-10-10T13:55:36.5Z\nSELECT id FROM fruit WHERE id = 1;\n"
COMMON = '::1 - - [10/Oct/2025:13:55:36 +0000] "GET /a HTTP/1.0" 200 '
WATCH = "ts=2.1 gid=1 type=item_get key=a size="
MANY_DIGITS = "9" * 5000
NESTED = '{"key":1,"a":' * 70_000
LONGEST_LINE = 1_048_576

NOT_UNDERSTOOD = "not understood"
OUT_OF_RANGE = "requests with a time or size out of range"


def read(tmp_path, text):
    """Read a log; return what was taken in, in the order of the file."""
    path = tmp_path / "log"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with RequestLogWriter() as writer:
        read_log(str(path), Reading(), writer, lambda _lines, _bytes: None)
        return writer.finish()


@pytest.mark.parametrize(
    ("before", "line", "reason"),
    [
        ("time,key\n1,a\n2,b\n", "inf,a", OUT_OF_RANGE),
        ("time,key\n1,a\n2,b\n", "1e308,a", OUT_OF_RANGE),
        ("time,key\n1,a\n2,b\n", "-1e20,a", OUT_OF_RANGE),
        ("time,key,size\n1,a,1\n2,b,1\n", "3,a,1e300", OUT_OF_RANGE),
        ("time,key,size\n1,a,1\n2,b,1\n", "3,a,99999999999999999999", OUT_OF_RANGE),
        ("time,key\n1,a\n2,b\n", f'3,"{"a" * 200_000}"', NOT_UNDERSTOOD),
        ('{"key":1,"time":1}\n{"key":1,"time":2}\n', '{"key":1,"time":Infinity}', OUT_OF_RANGE),
        ('{"key":1,"time":1}\n{"key":1,"time":2}\n', NESTED, NOT_UNDERSTOOD),
        (f"{COMMON}9\n{COMMON}9\n", f"{COMMON}99999999999999999999", OUT_OF_RANGE),
        (f"{COMMON}9\n{COMMON}9\n", COMMON + MANY_DIGITS, NOT_UNDERSTOOD),
        (f"{WATCH}1\n{WATCH}1\n", WATCH + MANY_DIGITS, NOT_UNDERSTOOD),
        (GENERAL * 2, GENERAL.replace("2025-10-10", "2025-99-99"), NOT_UNDERSTOOD),
        (GENERAL * 2, "999999 99:99:99\t 8 Query\tSELECT 1 FROM f WHERE id = 1", NOT_UNDERSTOOD),
        (SLOW * 2, f"SET timestamp={'9' * 400};", NOT_UNDERSTOOD),
    ],
)
def test_line_with_impossible_values_is_counted_and_dropped(tmp_path, before, line, reason):
    log = read(tmp_path, f"{before}{line}\n{before.splitlines()[-1]}\n")

    assert log.dropped[reason] == 1
    assert log.keys.size == 3


@pytest.mark.parametrize(
    "content",
    [
        NESTED,
        f'time,"key{"a" * 200_000}\n2,b\n',
        b"\xff\xfe" + "time,key\n1,a\n2,b\n".encode("utf-16-le") + b"a",
        b"\xff\xfe" + b"\x00\xd8" * 50,
    ],
    ids=["nested without end", "quote without end", "odd UTF-16", "no UTF-16"],
)
def test_file_without_a_request_is_refused_in_a_line(tmp_path, content):
    with pytest.raises(LogError) as refused:
        read(tmp_path, content)

    assert len(str(refused.value)) < 400


def test_first_line_may_be_longer_than_what_a_format_is_recognised_by(tmp_path):
    line = '1339518083.1 [0 127.0.0.1:60866] "{}" "fruit:1"{}\n'
    log = read(tmp_path, line.format("SET", f' "{"x" * 200_000}"') + line.format("GET", "") * 2)

    assert log.keys.size == 2


def test_line_that_never_ends_is_read_as_far_as_its_beginning(tmp_path):
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb") as file:
        file.write(b"1 a\n2 ")
        for _ in range(20):
            file.write(bytes(1_000_000))
        file.write(b"\n3 b\n")
    with Source(str(path)) as source:
        lengths = [len(line) for block in source.blocks() for line in lines_of(block)]

    assert lengths == [4, LONGEST_LINE, 4]


def test_statement_that_never_ends_is_kept_as_far_as_its_beginning():
    lines = [GENERAL.rstrip(), *itertools.repeat("AND x = 2 " * 10, 50_000)]
    (statement, *_) = [each for each in join_statements(lines) if each]

    assert len(statement) < 2 * LONGEST_LINE


def test_names_of_classes_cannot_steer_a_terminal_or_break_a_page(tmp_path):
    log = read(tmp_path, b"time,key\n1,\x1b[2J\xff:1\n2,ok:1\n")

    assert log.class_names == ["�[2J�", "ok"]
    assert len(printable("a" * 1000)) == 60


@pytest.mark.parametrize("end", ["0.5, reads " + MANY_DIGITS, "1e-320, reads 5"])
def test_end_of_a_sample_with_impossible_values_is_a_comment(tmp_path, end):
    log = read(tmp_path, f"time,key,op\n1,a,get\n2,b,get\n# sample: keys kept {end}\n")

    assert log.sample is None
    assert log.keys.size == 2


@pytest.mark.parametrize("pack", [zstandard.compress, gzip.compress, lzma.compress, bz2.compress])
@pytest.mark.parametrize("rows", [5, 20_000])
def test_packed_log_that_ends_too_early_is_refused(tmp_path, pack, rows):
    lines = (f"{i},k{i * i % 97}\n" for i in range(rows))
    packed = pack("".join(["time,key\n", *lines]).encode())

    with pytest.raises(LogError, match=r"log is damaged: .* name the plain file"):
        read(tmp_path, packed[:-5])


@pytest.mark.parametrize("between", [b"", b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc"])
def test_frames_of_zst_are_read_one_after_the_other(tmp_path, between):
    parts = [zstandard.compress(b"time,key\n1,a\n"), zstandard.compress(b"2,b\n3,a\n")]

    assert read(tmp_path, between.join([b"", *parts, b""])).keys.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"PK\x03\x04" + b"a" * 100, "is a zip archive; unpack it"),
        (gzip.compress(gzip.compress(b"1 a\n2 b\n")), "is packed twice; unpack it"),
        (b"log.csv".ljust(257, b"\0") + b"ustar", "is a tar archive; unpack it"),
        (bytes(5000), "is binary, and not of oracleGeneral; name a log of text"),
        ("time,key\n1,a\n".encode("utf-16-le"), "is binary, and not of oracleGeneral"),
        (b'{"a": 1}\n{"a": 2}\n', "say what its columns are called: --columns time=NAME,key=NAME"),
        (b"time,key\n", "has no line with a request; name a log that has"),
    ],
    ids=["zip", "packed twice", "tar", "zeros", "UTF-16", "JSON without columns", "header alone"],
)
def test_file_that_is_no_log_is_named_for_what_it_is(tmp_path, content, what):
    with pytest.raises(LogError, match=what):
        read(tmp_path, content)


def test_zeros_that_a_crash_left_within_a_log_are_a_bad_line(tmp_path):
    log = read(tmp_path, b"time,key\n1,a\n" + bytes(300) + b"\n2,b\n")

    assert log.dropped[NOT_UNDERSTOOD] == 1
    assert log.keys.size == 2


def test_header_is_recognised_although_a_line_after_it_is_damaged(tmp_path):
    log = read(tmp_path, "time,key\n1,a\nx\n2,b\n")

    assert log.dropped[NOT_UNDERSTOOD] == 1
    assert log.times.tolist() == [1.0, 2.0]


def test_disk_that_is_full_is_not_taken_for_a_damaged_log(tmp_path, monkeypatch):
    def full(*_words):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(RequestLogWriter, "add", full)

    with pytest.raises(OSError, match="No space left on device"):
        read(tmp_path, "time,key\n1,a\n")

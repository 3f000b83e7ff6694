"""A scan of many lines gives what the parser of one line gives, whatever the lines hold."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loadtests.request_logs.block_reader import BlockReader
from loadtests.request_logs.formats import access_log, cache_traces, columns, redis_monitor
from loadtests.request_logs.formats.access_scan import access_scan
from loadtests.request_logs.formats.columns import Table
from loadtests.request_logs.formats.joined_scan import msr_scan, spc_scan
from loadtests.request_logs.formats.json_scan import json_scan
from loadtests.request_logs.formats.monitor_scan import monitor_scan
from loadtests.request_logs.formats.table_scan import table_scan
from loadtests.request_logs.line_reader import LineReader
from loadtests.request_logs.request_log import RequestLogWriter
from loadtests.request_logs.source import lines_of

COLUMNS = {"time": 0, "key": 1, "op": 2, "size": 3}
TIMES = ["1", "0.25", "1760104536.107412", "1760104536107412345", "-3.5", "1e3", ".5", "5.", "1_0"]
TIMES += ["", " ", "nan", "inf", "1e400", "99999999999999999999", "-", ".", "407058226200.110381"]
TIMES += ["2025-10-10T13:55:36.250Z", "10/Oct/2025:13:55:36 -0700", "yesterday", "٣", "+7", "--1"]
KEYS = ["a", "fruit:1", "/a?x=1", "äpfel", "\udcff", "\u00a0", "\u3000k", "\x1ck", " k ", "", "a b"]
OPERATIONS = ["get", "GET", "set", "DELETE", "noop", "", " get ", "mget", "EVAL"]
SIZES = ["0", "17", "1048576", "1.5", "-4", "", " ", " 5", "5 ", "x", "9" * 13, "9" * 30, "1e300"]
SPOILED = ["", "\n", "#", '"', "\\", "\x00", "[", "]", ",", "\t", " ", "\u2028", "\x85"]


def both(scan, parser, text):
    """Return what a scan gives of a text, and what the parser of lines gives."""
    block = text.encode("utf-8", "surrogateescape") + b"\n"
    answers = []
    for of_blocks in (True, False):
        with RequestLogWriter() as writer:
            lines = LineReader(parser(), lambda _key: True, writer)
            if of_blocks:
                rows, count = BlockReader(scan, lines, writer).read(block, 0)
                keys = rows.key_texts(np.arange(rows.times.size))
                columns_ = (column.tolist() for column in (rows.times, rows.changes, rows.sizes))
                times, changes, sizes = columns_
                requests = [*zip(times, keys, changes, sizes, strict=True)]
                assert count == block.count(b"\n")
            else:
                numbered = enumerate(lines_of(block), start=1)
                requests = [each for number, line in numbered for each in lines.read(number, line)]
            # NaN is no equal of itself.
            told = [(str(time), *others) for time, *others in requests]
            answers.append((told, Counter(writer.dropped), lines.first_bad))
    return answers


def spoiled(lines):
    """Return texts of some of *lines*, a few of them with something in their midst."""
    spoil = st.tuples(lines, st.sampled_from(SPOILED), st.floats(0, 1))
    odd = spoil.map(lambda each: _insert(*each))
    return st.lists(st.one_of(lines, odd), max_size=6).map("\n".join)


def _insert(line, sign, where):
    place = math.floor(where * len(line))
    return line[:place] + sign + line[place:]


def rows():
    """Return rows of a table, some with quotes or columns too few or too many."""
    field = st.one_of(*map(st.sampled_from, (TIMES, KEYS, OPERATIONS, SIZES)))
    quoted = field.map(lambda text: f'"{text}"')
    usual = st.tuples(*map(st.sampled_from, (TIMES, KEYS, OPERATIONS, SIZES)))
    return st.one_of(usual, usual, st.lists(st.one_of(field, quoted), max_size=6)).map(",".join)


@pytest.mark.parametrize("places", [COLUMNS, {"key": 0}, {"time": 2, "key": 2}], ids=len)
@settings(max_examples=150, deadline=None)
@example(",", True, '"1","a, b","get","5"\n"2""",a,get,5\n"3,a,get,5\n4,"a"b,get,5\n5,,get,5')
@example(",", False, "1,a,get\n\n   \n# comment\n2,a,get,5,6\n")
@example(",", False, "\n407058226200.110381,a,get,5\n0.30000000000000004,a,get,5\n-0,a,get, ")
@given(st.sampled_from([",", "\t", ";", None]), st.booleans(), spoiled(rows()))
def test_rows_of_tables(places, delimiter, header, text):
    table = Table(places, delimiter, header=header)
    scan = table_scan(table, fills_change=False)
    text = text.replace(",", delimiter or " ")

    scanned, parsed = both(scan, lambda: columns.parser(table, fills_change=False), text)
    assert scanned == parsed


VALUES = ["1", "0", "-0", "01", "1.50", "-2.5", "1.", "1e5", "9" * 20, "9" * 4400, "true", "null"]
VALUES += [
    "tru",
    "NaN",
    "{}",
    "[1]",
    '{"a":1}',
    '""',
    '"',
    '"\\u00e9"',
    '" a "',
    '"\t"',
    '"\udcff"',
]
MEMBERS = st.one_of(
    st.sampled_from([f'"ts":{each}' for each in VALUES] + [f'"ts":"{each}"' for each in TIMES]),
    st.sampled_from(
        [f'"op": {each}' for each in VALUES] + [f'"op":"{each}"' for each in OPERATIONS]
    ),
    st.sampled_from([f'"n" :{each}' for each in VALUES] + [f'"n":"{each}"' for each in SIZES]),
    st.sampled_from([f'"a":{each}' for each in VALUES]),
)
KEYED = st.sampled_from([*VALUES, *(f'"{each}"' for each in KEYS)]).map(
    lambda each: f'"r": {{"x": false, "uri" :{each}}}'
)
JSON_LINES = st.tuples(
    st.lists(MEMBERS, max_size=3), KEYED, st.lists(st.one_of(MEMBERS, KEYED), max_size=2)
).map(lambda each: "{" + ", ".join([*each[0], each[1], *each[2]]) + "}")


@pytest.mark.parametrize(
    "places",
    [{"time": "ts", "key": "r.uri", "op": "op", "size": "n"}, {"key": "r.uri"}, {"key": "a.r.x"}],
    ids=len,
)
@settings(max_examples=150, deadline=None)
@example('\n{"r":{"uri":"a"},"r":{"uri":"b"}}\n{"r":{"uri":"a"}} x\n{"r":{"uri":"a"},}')
@example('\n{"r":{"uri":"a","uri":"b"}}\n{"r":{"uri":"a"}}}\n{"b":{"r":{"uri":"a"}}}\n{,}\n{}')
@example('\n{"r":{"uri":1.50}}\n{"r":{"uri":-0}}\n{"r":{"uri":"\t"}}\n{"r":{"uri":12}}')
@example('\n{"r":{"uri":"a"},"r":7}\n{"uri":"a"}\n {"a":{"r":{"x":7}},"r":{"uri":7}} \n["r"]')
@given(spoiled(JSON_LINES))
def test_json_lines(places, text):
    table = Table(places, "json")
    scan = json_scan(table, fills_change=False)

    scanned, parsed = both(scan, lambda: columns.parser(table, fills_change=False), text)
    assert scanned == parsed


ACCESS = st.tuples(
    st.sampled_from(["::1 - -", "1.2.3.4 - bob", "h - a b", "h -", "h\u00a0- -", "h - [x]"]),
    st.sampled_from([*TIMES, "10/Oct/2025:13:55:37 +0000", "99/Oct/2025:13:55:37 +0000"]),
    st.sampled_from(["GET", "PUT", "OPTIONS", "get", ""]),
    st.sampled_from(["/a", "/a?x=1", '/a"b', "/a b", "/ä", "/\u3000", ""]),
    st.sampled_from([" HTTP/1.1", "", " HTTP/1.1 x", ' "', "\x16"]),
    st.sampled_from(["200", "20", "2000", "٢٠٠"]),
    st.sampled_from(["17", "-", "", "9" * 30, "5x", '17 "-" "curl/8"', '17 "-" 200 5']),
).map(lambda each: '{} [{}] "{} {}{}" {} {}'.format(*each))


@settings(max_examples=200, deadline=None)
@given(spoiled(ACCESS))
@example('\n::1 - - [1] "GET /a" 200 5 " 200 7\n- - - [1] "GET /a"b c HTTP/1.1" 200 5')
def test_lines_of_access_logs(text):
    scanned, parsed = both(access_scan(), access_log.parser, text)
    assert scanned == parsed


MONITOR = st.tuples(
    st.sampled_from(
        ["1339518083.107412", "1.", "1339518083", "1339518083.12345678", "1" * 400 + ".1"]
    ),
    st.sampled_from(["0 127.0.0.1:60866", "0 lua", "x", "12 ", "0"]),
    st.lists(
        st.sampled_from(["GET", "set", "MGET", "EVAL", "DEL", "a", " a", "", '\\"', "\\x0a"]),
        max_size=4,
    ).map(lambda words: " ".join(f'"{word}"' for word in words)),
).map(lambda each: "{} [{}] {}".format(*each))


@settings(max_examples=200, deadline=None)
@given(spoiled(st.one_of(MONITOR, st.just("OK"))))
@example('OK\n1.5 [0 lua] "" "a"\n1.5 [0 lua] "GET" ""\n1.5 [0 lua] "GET" " a"')
def test_lines_of_monitor(text):
    scanned, parsed = both(
        monitor_scan(fills_change=False), lambda: redis_monitor.parser(fills_change=False), text
    )
    assert scanned == parsed


TRACE_FIELDS = st.sampled_from(
    [
        *(
            "1",
            "0.25",
            "128166372003061629",
            "nan",
            "1e400",
            "1_0",
            "",
            " ",
            " 7 ",
            "-4",
            "x",
            "\u00a0",
        ),
        *("Read", "Write", "w", "R ", "hm", "9" * 30),
    ]
)
TRACE_ROWS = st.one_of(
    st.lists(TRACE_FIELDS, max_size=8),
    st.tuples(*map(st.sampled_from, (TIMES, ["hm"], ["0", ""], ["Read", "w"], ["8"], SIZES))),
    st.tuples(*map(st.sampled_from, (["0", ""], ["8", "ä"], SIZES, ["r", "W"], TIMES))),
).map(",".join)


@pytest.mark.parametrize(
    ("shape", "parser"), [("msr", cache_traces.msr_parser), ("spc", cache_traces.spc_parser)]
)
@settings(max_examples=200, deadline=None)
@example("\n1,h,0,Write,8,4\n1,h,0,,8,4,5\n1,,,Read,,4\n1,h,0,Read,8\n1,h,0,Read,8,\n,,,,,,")
@example(
    "\n0,8,4,w,1\n,,4,,1,\n0,8,4,r,\n0,8,,r,1\n0,8,4,r\n0, 8,4,r,1\n0,8,4,r,1e400\n0,8,4,r,nan"
)
@given(spoiled(TRACE_ROWS))
def test_rows_whose_key_is_made_of_several_columns(shape, parser, text):
    scan = next(each.scan for each in cache_traces.SHAPES if each.name == shape)

    scanned, parsed = both(scan, parser, text)
    assert scanned == parsed


PLAIN_TABLE = """time,key,op,size
1.5,äpfel,get,7
2,"a, b",set,
,c,,
2025-10-10T13:55:36Z,d,no,1
"""
PLAIN_SPACES = "0 x\n  1  a\n2\tb 3\n"
PLAIN_ACCESS = """- - - [1] "GET /a" 200 1
::1 - bob [10/Oct/2025:13:55:36 -0700] "GET /a?x=1 HTTP/1.1" 200 23 "-" "curl/8"
h.example - - [10/Oct/2025:13:55:36 -0700] "OPTIONS /ä HTTP/1.1" 204 -
"""
PLAIN_MONITOR = """OK
1.5 [0 127.0.0.1:60866] "GET" "fruit:1"
1.5 [0 lua] "SET" "a" "\\"" "PX" "5"
"""
PLAIN_JSON = """{}
{"time": 1760104536.107412, "b": {"c": "x", "key": 7}, "op": "get", "size": 12, "d": true}
{"b":{"key":"\u00e4pfel"},"time":"2025-10-10T13:55:36Z","op":"noop","size":"","d":-1.5}
"""
PLAIN = {
    "table": (table_scan(Table(COLUMNS, ","), fills_change=False), PLAIN_TABLE),
    "spaces": (table_scan(Table({"key": 1}, None), fills_change=False), PLAIN_SPACES),
    "JSON lines": (
        json_scan(
            Table({"time": "time", "key": "b.key", "op": "op", "size": "size"}, "json"),
            fills_change=False,
        ),
        PLAIN_JSON,
    ),
    "access log": (access_scan(), PLAIN_ACCESS),
    "monitor": (monitor_scan(fills_change=False), PLAIN_MONITOR),
    "msr": (msr_scan(bool), "1,hm,1,Read,8,4,413\n128166372016382155,hm,1,Write,2822144,4096,5\n"),
    "spc": (spc_scan(bool), "0,8,4,R,1\n0,20941264,8192,w,0.551706\n1,16,4,r,2,x\n"),
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain_lines_are_not_left_to_the_parser(name):
    scan, text = PLAIN[name]
    parsed = []
    with RequestLogWriter() as writer:
        lines = LineReader(lambda line: parsed.append(line) or "", lambda _key: True, writer)
        BlockReader(scan, lines, writer).read(text.encode(), 0)

    assert parsed == [text.splitlines(keepends=True)[0]]  # It may name the columns.


def test_delimiter_that_cannot_be_scanned_is_left_to_the_parser():
    for delimiter in ("json", "ä", '"', "#", "\r"):
        assert table_scan(Table({"key": 0}, delimiter), fills_change=False) is None

"""Every format that is read, each with a small log in it and what that log says."""

import bz2
import gzip
import io
import lzma
import re
import sys

import numpy as np
import pytest
import zstandard

from loadtests.request_logs import source
from loadtests.request_logs.formats.oracle_general import ROW
from loadtests.request_logs.loading import Timing, load_logs
from loadtests.request_logs.recognition import FORMATS, Reading
from loadtests.request_logs.source import LogError

MONITOR = """OK
1339518083.107412 [0 127.0.0.1:60866] "GET" "fruit:1"
1339518084.107412 [0 127.0.0.1:60866] "set" "fruit:1" "{\\"id\\": 1}" "PX" "5000"
1339518085.607412 [0 127.0.0.1:60866] "MGET" "fruit:1" "fruit:2"
1339518086.107412 [0 127.0.0.1:60866] "PING"
1339518086.207412 [0 127.0.0.1:60866] "EVALSHA" "abc" "1" "fruit:2"
1339518086.207413 [0 lua] "UNLINK" "fruit:2"
"""
COMBINED = """127.0.0.1 - - [10/Oct/2025:13:55:36 -0700] "GET /a?x=1 HTTP/1.1" 200 2326 "-" "curl/8"
127.0.0.1 - bob [10/Oct/2025:13:55:36 -0700] "GET /b HTTP/1.1" 200 10 "-" "curl/8"
127.0.0.1 - - [10/Oct/2025:13:55:38 -0700] "PUT /a?x=1 HTTP/1.1" 204 - "-" "curl/8"
127.0.0.1 - - [10/Oct/2025:13:55:38 -0700] "OPTIONS /a HTTP/1.1" 204 0 "-" "curl/8"
127.0.0.1 - - [10/Oct/2025:13:55:39 -0700] "\\x16\\x03\\x01" 400 150 "-" "-"
"""
COMMON = """::1 - - [10/Oct/2025:13:55:36 +0000] "GET /a HTTP/1.0" 200 5
::1 - - [10/Oct/2025:13:55:37 +0000] "HEAD /a HTTP/1.0" 200 5
"""
GENERAL = """/usr/sbin/mysqld, Version: 8.4.0 (Source distribution). started with:
Tcp port: 3306  Unix socket: /run/mysqld.sock
Time                 Id Command    Argument
2025-10-10T13:55:36.000000Z\t    8 Connect\troot@localhost on grocerydb using TCP/IP
2025-10-10T13:55:36.500000Z\t    8 Query\tSELECT id, name FROM fruit WHERE id = 1
2025-10-10T13:55:37.500000Z\t    8 Query\tSELECT id, name
FROM `grocerydb`.`fruit`
WHERE name = 'ap\\'ple'
2025-10-10T13:55:38.500000Z\t    8 Execute\tUPDATE fruit SET quantity = 3 WHERE id = 1
2025-10-10T13:55:39.500000Z\t    8 Query\tCOMMIT
2025-10-10T13:55:40.500000Z\t    8 Quit\t
"""
SLOW = """# Time: 2025-10-10T13:55:36.500000Z
# User@Host: root[root] @ localhost []  Id:     8
# Query_time: 0.000200  Lock_time: 0.000001 Rows_sent: 1  Rows_examined: 1
use grocerydb;
SET timestamp=1760104536;
SELECT id, name
FROM fruit WHERE id = 1;
# Time: 2025-10-10T13:55:38.500000Z
# User@Host: root[root] @ localhost []  Id:     8
# Query_time: 0.000200  Lock_time: 0.000001 Rows_sent: 1  Rows_examined: 1
SET timestamp=1760104538;
DELETE FROM fruit WHERE id = 1;
"""
MEMCACHED = """<28 new auto-negotiating client connection
<28 get fruit:1 fruit:2
>28 END
<28 set fruit:1 0 0 33
>28 STORED
<28 delete fruit:1
>28 DELETED
"""
FETCHERS = """ts=1480557640.151214 gid=1 type=item_get key=fruit:1 status=not_found clsid=0 size=0
ts=1480557640.251214 gid=2 type=item_store key=fruit:1 status=stored cmd=set ttl=0 size=33
ts=1480557641.151214 gid=3 type=item_get key=fruit:1 status=found clsid=1 size=33
ts=1480557642.151214 gid=4 type=item_store key=fruit:1 status=stored cmd=append ttl=0 size=40
"""
TWITTER = """0,q:q:1:8WTfjZU14ee,17,213,4,get,0
0,yDqF:3q:1AJrrJ1nnCJKKrnGx1A,27,27,5,get,0
1,q:q:1:8WTfjZU14ee,17,213,6,set,86400
2,q:q:1:8WTfjZU14ee,17,213,6,delete,0
"""
MSR = """128166372003061629,hm,1,Read,383496192,32768,413
128166372016382155,hm,1,Write,2822144,4096,5
128166372026382155,hm,0,Read,383496192,32768,413
"""
SPC = """0,20941264,8192,W,0.551706
0,20939840,8192,r,0.554041
1,20939840,8192,R,1.554041
"""
ARC = """0 2 0 1
1 3 0 2
"""
LRB = """1 10 100 7
2 11 50 7
4 10 100 7
"""
LIBCACHESIM = """1,10,100,3
2,11,50,-2
4,10,100,-2
"""
WIKIBENCH = """929840853 1190146243.326 http://en.wikipedia.org/wiki/Ozone -
929840854 1190146243.826 http://en.wikipedia.org/wiki/Ozone -
929840855 1190146244.326 http://en.wikipedia.org/wiki/Apple -
"""
CDN = """relative_unix\thashed_path_query\timage_type\tresponse_size\ttime_firstbyte
0\t-4261276657\tjpeg\t13317\t1.3e-4
0\t7223465788\tpng\t1000\t1.3e-4
3\t-4261276657\tjpeg\t13317\t1.3e-4
"""
CACHELIB = """op_time,key,key_size,op,op_count,size,cache_hits,ttl
1000,k1,23,GET,1,50,1,0
1001,k2,23,GET,1,20,0,0
1002,k1,23,DELETE,1,0,0,0
"""
JSON_LINES = """{"ts": 1.5, "request": {"method": "GET", "uri": "/a"}, "size": 12}
{"ts": 2.5, "request": {"method": "GET", "uri": "/b"}, "size": 12}
{"ts": 4.0, "request": {"method": "POST", "uri": "/a"}, "size": 12}
"""
NGINX_JSON = """{"time_local": "10/Oct/2025:13:55:36 +0000", "request": "GET /a?x=1 HTTP/1.1"}
{"time_local": "10/Oct/2025:13:55:37 +0000", "request": "GET /b HTTP/2.0"}
{"time_local": "10/Oct/2025:13:55:38 +0000", "request": "POST /a?x=1 HTTP/1.1"}
{"time_local": "10/Oct/2025:13:55:39 +0000", "request": "OPTIONS /a HTTP/1.1"}
{"time_local": "10/Oct/2025:13:55:39 +0000", "request": "\\u0016\\u0003"}
"""
DATED = """time;key
2025-10-10T13:55:36.250Z;apple
2025-10-10T13:55:37.250Z;pear
"""
LOGS = {
    "monitor": (MONITOR, "redis-monitor", [0.0, 2.5, 2.5, 3.1], [0, 0, 1, 1], [3]),
    "combined": (COMBINED, "access-log", [0.0, 0.5, 2.25], [0, 1, 0], [2]),
    "common": (COMMON, "access-log", [0.0, 1.0], [0, 0], []),
    "general": (GENERAL, "mysql-log", [0.0, 1.0, 2.0], [0, 1, 0], [2]),
    "slow": (SLOW, "mysql-log", [0.0, 2.0], [0, 0], [1]),
    "fetchers": (FETCHERS, "memcached-log", [0.0, 1.0, 2.0], [0, 0, 0], [2]),
    "twitter": (TWITTER, "twitter", [0.0, 0.5, 2.25], [0, 1, 0], [2]),
    "msr": (MSR, "msr", [0.0, 1.3320526, 2.3320526], [0, 1, 2], [1]),
    "spc": (SPC, "spc", [0.0, 0.002335, 1.002335], [0, 1, 2], [0]),
    "lrb": (LRB, "lrb", [0.0, 1.0, 3.0], [0, 1, 0], []),
    "libcachesim": (LIBCACHESIM, "libcachesim", [0.0, 1.0, 3.0], [0, 1, 0], []),
    "wikibench": (WIKIBENCH, "wikibench", [0.0, 0.5, 1.0], [0, 0, 1], []),
    "cdn": (CDN, "table", [0.0, 0.5, 3.25], [0, 1, 0], []),
    "cachelib": (CACHELIB, "table", [0.0, 1.0, 2.0], [0, 1, 0], [2]),
    "json-lines": (JSON_LINES, "table", [0.0, 1.0, 2.5], [0, 1, 0], [2]),
    "nginx-json": (NGINX_JSON, "table", [0.0, 1.0, 2.0], [0, 1, 0], [2]),
    "dated": (DATED, "table", [0.0, 1.0], [0, 1], []),
    "seconds-key": ("0 7\n0.5 8\n2 7\n", "seconds-key", [0.0, 0.5, 2.0], [0, 1, 0], []),
}
UNTIMED = {
    "memcached": (MEMCACHED, "memcached-log", [0, 1, 0], [2]),
    "arc": (ARC, "arc", [0, 1, 1, 2, 3], []),
    "keys": ("# ids\n7\n0x1f\n7\n99999999999999999999999999\n", "keys", [0, 1, 0, 2], []),
}


def _read(tmp_path, content, how=None, timing=None):
    path = tmp_path / "log"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_logs([str(path)], how or Reading(), timing or Timing())


@pytest.mark.parametrize("block_bytes", [32, 1 << 20])
@pytest.mark.parametrize("name", LOGS)
def test_log_is_recognised_and_read_whether_it_is_large_or_small(
    tmp_path, monkeypatch, name, block_bytes
):
    monkeypatch.setattr(source, "_BLOCK_BYTES", block_bytes)
    content, format_name, times, keys, changes = LOGS[name]

    loaded = _read(tmp_path, content)

    assert loaded.formats == [format_name]
    assert loaded.requests.times == pytest.approx(times, abs=2e-6)
    assert loaded.requests.keys.tolist() == keys
    assert np.flatnonzero(loaded.requests.changes).tolist() == changes
    assert loaded.first_bad == []


@pytest.mark.parametrize("name", UNTIMED)
def test_log_without_times_takes_a_rate(tmp_path, name):
    content, format_name, keys, changes = UNTIMED[name]

    loaded = _read(tmp_path, content, timing=Timing(rate=4.0))

    assert loaded.formats == [format_name]
    assert loaded.requests.times == pytest.approx([i / 4.0 for i in range(len(keys))])
    assert loaded.requests.keys.tolist() == keys
    assert np.flatnonzero(loaded.requests.changes).tolist() == changes


def test_oracle_general_is_recognised_and_read(tmp_path):
    rows = np.array([(100, 7, 10, 3), (100, 8, 20, -1), (103, 7, 10, -1)], dtype=ROW)

    loaded = _read(tmp_path, rows.tobytes())

    assert loaded.formats == ["oracle-general"]
    assert loaded.requests.times == pytest.approx([0.0, 0.5, 3.25])
    assert loaded.requests.keys.tolist() == [0, 1, 0]
    assert loaded.requests.sizes.tolist() == [10, 20, 10]


def test_oracle_general_that_ends_within_a_row_says_so(tmp_path):
    rows = np.array([(100, 7, 10, 3), (101, 8, 20, -1), (103, 7, 10, -1)], dtype=ROW)

    loaded = _read(tmp_path, rows.tobytes()[:-5])

    assert loaded.requests.keys.tolist() == [0, 1]
    assert loaded.requests.dropped["a row that ends too early"] == 1


def test_format_of_every_name_can_be_told(tmp_path):
    told = {format_name: content for content, format_name, *_ in LOGS.values()}
    told |= {format_name: content for content, format_name, *_ in UNTIMED.values()}
    told["oracle-general"] = np.array([(1, 2, 3, 1), (2, 2, 3, -1)], dtype=ROW).tobytes()

    assert set(told) == set(FORMATS)
    for name, content in told.items():
        loaded = _read(tmp_path, content, Reading(format_name=name), Timing(rate=1.0))
        assert loaded.formats == [name]
        assert loaded.requests.keys.size


@pytest.mark.parametrize(
    "pack",
    [gzip.compress, bz2.compress, lzma.compress, zstandard.ZstdCompressor().compress],
    ids=["gz", "bz2", "xz", "zst"],
)
def test_compressed_log_is_unpacked_whatever_its_name(tmp_path, pack):
    loaded = _read(tmp_path, pack(b"0 7\n0.5 8\n2 7\n"))

    assert loaded.requests.times.tolist() == [0.0, 0.5, 2.0]


def test_log_is_read_from_stdin(monkeypatch):
    stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(b"0 7\n0.5 8\n2 7\n")))
    monkeypatch.setattr(sys, "stdin", stdin)

    assert load_logs(["-"], Reading(), Timing()).requests.keys.tolist() == [0, 1, 0]


def test_files_are_joined_and_put_in_order(tmp_path):
    (tmp_path / "new").write_text("5 7\n6 8\n")
    (tmp_path / "old").write_text("1 8\n2 7\n")

    loaded = load_logs([str(tmp_path / "new"), str(tmp_path / "old")], Reading(), Timing())

    assert loaded.requests.times.tolist() == [0.0, 1.0, 4.0, 5.0]
    assert loaded.requests.keys.tolist() == [1, 0, 0, 1]
    assert "1 requests stood before an earlier one and were put in order." in loaded.notes


def test_byte_order_mark_and_text_keys_are_no_obstacle(tmp_path):
    loaded = _read(tmp_path, b"\xef\xbb\xbftime,key\n1,\xc3\xa4pfel\n2,\xff\n3,\xc3\xa4pfel\n")

    assert loaded.requests.keys.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("first", "unit", "seconds"),
    [
        ("1760104536", "seconds", 2.0),
        ("1760104536000", "milliseconds", 2e-3),
        ("1760104536000000", "microseconds", 2e-6),
        ("1760104536000000000", "nanoseconds", 2e-9),
    ],
)
def test_unit_of_times_is_recognised_from_their_size(tmp_path, first, unit, seconds):
    second = int(first) + (512 if unit == "nanoseconds" else 2)

    loaded = _read(tmp_path, f"{first},a\n{second},b\n", Reading(columns={"time": "1", "key": "2"}))

    assert f"Times are in {unit} (recognised from their size)." in loaded.notes
    expected = 512e-9 if unit == "nanoseconds" else seconds
    assert loaded.requests.span_seconds == pytest.approx(expected)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (COMBINED, "Times are the dates in the log."),
        (GENERAL, "Times are the dates in the log."),
        (SLOW, "Times are the dates in the log."),
        (NGINX_JSON, "Times are the dates in the log."),
        (DATED, "Times are the dates in the log."),
        (MONITOR, "Times are in seconds, as this format has them."),
        (FETCHERS, "Times are in seconds, as this format has them."),
        (JSON_LINES, "Times are in seconds (no dates; else give --time-unit)."),
    ],
)
def test_what_the_times_are_is_said_as_it_is(tmp_path, content, said):
    assert _read(tmp_path, content).notes[0] == said


def test_times_that_a_regex_finds_are_said_to_be_dates(tmp_path):
    how = Reading(line_regex=re.compile(r"(?P<time>\S+) (?P<key>\S+)"))

    loaded = _read(tmp_path, "2025-10-10T13:55:36Z a\n2025-10-10T13:55:37Z b\n", how)

    assert loaded.notes == ["Times are the dates in the log."]


@pytest.mark.parametrize(("content", "what"), [(COMMON, "dates"), (MONITOR, "seconds")])
def test_unit_of_another_clock_is_refused_and_seconds_are_not(tmp_path, content, what):
    with pytest.raises(LogError, match=f"--time-unit ms is for numbers, .* are {what}.*leave it"):
        _read(tmp_path, content, timing=Timing(unit="ms"))

    assert _read(tmp_path, content, timing=Timing(unit="s")).requests.span_seconds > 0.5


def test_dates_beside_milliseconds_are_refused(tmp_path):
    (tmp_path / "dates").write_text(COMMON)
    (tmp_path / "numbers").write_text("1760104536000 7\n1760104537000 8\n")

    with pytest.raises(LogError, match=r"numbers \(milliseconds\) in one log, and dates"):
        load_logs([str(tmp_path / "dates"), str(tmp_path / "numbers")], Reading(), Timing())


def test_unit_that_is_told_is_used(tmp_path):
    loaded = _read(tmp_path, "0 7\n500 8\n", timing=Timing(unit="ms"))

    assert loaded.requests.span_seconds == pytest.approx(0.5)


def test_requests_of_a_whole_second_are_spread_in_it_and_that_is_said(tmp_path):
    loaded = _read(tmp_path, "10 1\n10 2\n10 3\n10 4\n12 1\n")

    assert loaded.requests.times.tolist() == [0.0, 0.25, 0.5, 0.75, 2.375]
    assert any("whole seconds" in note for note in loaded.notes)


def test_columns_are_named_by_place_or_by_header(tmp_path):
    content = "what,who,when\nGET,apple,1\nDELETE,pear,2\n"
    by_place = Reading(columns={"time": "3", "key": "2", "op": "1"})
    by_name = Reading(columns={"time": "when", "key": "who", "op": "what"})

    for how in (by_place, by_name):
        loaded = _read(tmp_path, content, how)
        assert loaded.requests.times.tolist() == [0.0, 1.0]
        assert loaded.requests.changes.tolist() == [False, True]


def test_column_of_request_lines_is_read_as_method_and_key(tmp_path):
    content = "::1|10.5|GET /a HTTP/1.1\n::1|11.5|PUT /a HTTP/1.1\n::1|12.5|GET /b HTTP/1.0\n"
    how = Reading(columns={"time": "2", "key": "3"}, delimiter="|")

    requests = _read(tmp_path, content, how).requests

    assert requests.keys.tolist() == [0, 0, 1]
    assert requests.changes.tolist() == [False, True, False]


def test_lines_of_ones_own_are_read_by_a_regex(tmp_path):
    content = 'at=5 path="/p/1"\nat=7 path="/p/2"\nnoise\n'
    how = Reading(line_regex=re.compile(r'at=(?P<time>\S+) path="(?P<key>[^"]+)"'))

    loaded = _read(tmp_path, content, how)

    assert loaded.requests.times.tolist() == [0.0, 2.0]
    assert loaded.requests.dropped == {"not understood": 1}
    assert loaded.first_bad[0].endswith(
        "line 3: 'noise' is not understood as lines by --line-regex"
    )


def test_key_regex_takes_the_key_and_drops_other_requests(tmp_path):
    content = "1 /product/7?a=1\n2 /product/7?a=2\n3 /logo.png\n"

    loaded = _read(tmp_path, content, Reading(key_regex=re.compile(r"/product/(\d+)")))

    assert loaded.requests.keys.tolist() == [0, 0]
    assert loaded.requests.dropped == {"keys that --key-regex does not match": 1}


def test_class_is_what_stands_before_the_colon_or_what_a_regex_finds(tmp_path):
    content = "1 user:7\n2 cart:7\n3 user:8\n"

    by_colon = _read(tmp_path, content).requests
    by_regex = _read(tmp_path, content, Reading(class_regex=re.compile(r":(\d)"))).requests

    assert [by_colon.class_names[i] for i in by_colon.key_classes] == ["user", "cart", "user"]
    assert [by_regex.class_names[i] for i in by_regex.key_classes] == ["7", "7", "8"]


def test_class_of_a_path_is_its_first_folder(tmp_path):
    content = "1 /product/7\n2 /about\n3 /user/7/orders\n4 http://a/b:1\n"

    log = _read(tmp_path, content).requests

    assert [log.class_names[i] for i in log.key_classes] == ["product", "", "user", "http"]


def test_classes_beyond_fifty_are_one_class(tmp_path):
    content = "".join(f"{i} c{i}:1\n" for i in range(80))

    names = _read(tmp_path, content).requests.class_names

    assert len(names) == 51
    assert names[-1] == "other"


def test_set_is_a_fill_unless_it_is_told_to_change(tmp_path):
    fills = _read(tmp_path, MONITOR)
    changes = _read(tmp_path, MONITOR, Reading(fills_change=True))

    assert fills.requests.dropped["fills of the cache (SET after a miss)"] == 1
    assert changes.requests.changes.tolist() == [False, True, False, False, True]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty; name a log with requests"),
        ("Dear diary, nothing\nto see here at all\n", "line 1: 'Dear diary, nothing' is of no"),
        ("1\n2\n3\n", "the log has no times; give the rate of the requests, such as --rate 500"),
        ("5.5 1\n5.5 2\n", "all requests have the same time; give their rate, such as --rate 500"),
    ],
)
def test_log_that_cannot_be_used_is_refused_with_the_way_out(tmp_path, content, message):
    with pytest.raises(LogError, match=re.escape(message)):
        _read(tmp_path, content)


def test_missing_file_is_named():
    with pytest.raises(LogError, match=r"/nowhere/log cannot be read: No such file"):
        load_logs(["/nowhere/log"], Reading(), Timing())


def test_column_that_is_not_there_is_named_with_those_that_are(tmp_path):
    how = Reading(columns={"time": "when", "key": "who"})

    with pytest.raises(LogError, match=r"has no column 'when'; .* one of t, k"):
        _read(tmp_path, "t,k\n1,2\n", how)


def test_wrong_format_names_the_first_line_and_the_flag_that_would_help(tmp_path):
    with pytest.raises(LogError, match=r"line 1: 'x' is not understood as twitter; say where"):
        _read(tmp_path, "x\n", Reading(format_name="twitter"))


def is_read_or_refused(tmp_path, content):
    """Return whether requests were read, or the refusal names the file; raise what is neither."""
    try:
        return _read(tmp_path, content, timing=Timing(rate=10.0)).requests.times.size > 0
    except LogError as error:
        return str(error).startswith(str(tmp_path / "log"))


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, bytes])
def test_damaged_files_are_refused_or_read_in_part_but_never_crash(tmp_path, monkeypatch, pack):
    rng = np.random.default_rng(20261127)
    rows = np.array([(100 + i, i % 7, 10, -1) for i in range(40)], dtype=ROW)
    logs = [content.encode() for content, *_ in (*LOGS.values(), *UNTIMED.values())]
    for content in (*logs, rows.tobytes()):
        whole = pack(content)
        for turn in range(6):
            # As a large log, whose lines are scanned, and as a small one.
            monkeypatch.setattr(source, "_BLOCK_BYTES", (64, 1 << 20)[turn % 2])
            damaged = bytearray(whole[: rng.integers(1, len(whole) + 1)])
            for place in rng.integers(0, len(damaged), 3):
                damaged[place] = rng.integers(0, 256)
            assert is_read_or_refused(tmp_path, bytes(damaged))

"""The keys of a log that a sample keeps: chosen while it is read, whatever their texts."""

import re

import numpy as np
import pytest

from loadtests.request_logs.loading import Timing, load_logs
from loadtests.request_logs.recognition import Reading
from loadtests.request_logs.samples.log_sample import LogSample
from loadtests.request_logs.samples.sample import Sampler
from loadtests.request_logs.samples.sampled_keys import SampledKeys

ROW = np.dtype([("time", "<u4"), ("id", "<u8"), ("size", "<u4"), ("next", "<i8")])


def test_key_has_the_name_that_the_sampler_gives_it_however_many_there_are():
    sampler = Sampler(b"secret", 0.25)
    keys = SampledKeys(sampler, 1e9)
    texts = [f"key:{number}" for number in range(70_000)]
    for first in range(0, len(texts), 30_000):
        keys.add(first, texts[first : first + 30_000])
    numbers = np.arange(len(texts), dtype=np.int32)

    expected = {n: name for n, text in enumerate(texts) if (name := sampler.name(text))}

    assert keys.names == expected
    assert keys.places(numbers).tolist() == sorted(expected)
    assert len(expected) / len(texts) == pytest.approx(0.25, abs=0.01)


def test_reading_is_to_end_once_there_is_more_than_fits():
    keys = SampledKeys(Sampler(b"secret", 1.0), 33 * 10)
    keys.add(0, ["a"])

    keys.count(np.zeros(10, dtype=np.int32))
    assert not keys.ended

    keys.count(np.zeros(1, dtype=np.int32))
    assert keys.ended


@pytest.mark.parametrize(
    ("content", "how", "texts"),
    [
        (b"time,key\n1,\xff\n2,a\n3,\xff\n", {}, ["\udcff", "a", "\udcff"]),
        (b'{"time": 1, "key": "\\ud800"}\n{"time": 2, "key": "a"}\n', {}, None),
        (b"time,key\n1,/p/7?x=1\n2,/q\n3,/p/7?x=2\n", {"key_regex": "/p/([0-9]+)"}, ["7", "7"]),
    ],
    ids=["wrong bytes", "half a pair", "key by regex"],
)
def test_key_of_any_text_has_a_name(tmp_path, content, how, texts):
    path = tmp_path / "log"
    path.write_bytes(content)

    rows = sampled(path, how)

    names = [row.split(",")[1] for row in rows]
    assert {len(name) for name in names} == {24}
    if texts:
        sampler = Sampler(b"secret", 1.0)
        assert names == [sampler.name(text) for text in texts]


def test_object_of_a_binary_log_is_named_after_its_number(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(np.array([(1, 7, 1, 2), (2, 2**63, 1, -1), (5, 7, 1, -1)], ROW).tobytes())

    rows = sampled(path, {})

    seven, large = (Sampler(b"secret", 1.0).name(text) for text in ("7", str(2**63)))
    assert rows == [f"0.0,{seven},get\n", f"1.0,{large},get\n", f"4.0,{seven},get\n"]


def sampled(path, how):
    """Return the rows of the sample of all keys of a log."""
    keys = SampledKeys(Sampler(b"secret", 1.0), 1e9)
    loaded = load_logs([str(path)], reading(**how), Timing(), sampled=keys)
    return list(LogSample(loaded.requests, keys, classed=False).rows())


def reading(**how):
    return Reading(**{name: re.compile(regex) for name, regex in how.items()})

"""Records that are not what a run wrote: one line names the file, and nothing waits or crashes."""

import copy
import dataclasses
import json
import os
import re
import shutil
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests import cli
from loadtests.experiments.comparison.pairing import NotComparableError, pair_runs
from loadtests.experiments.figures.results import load_results
from loadtests.experiments.plan.fields import Given
from loadtests.experiments.plan.plan import make_plan
from loadtests.experiments.records.record_file import RecordError
from loadtests.experiments.records.records import load_run, save_run
from loadtests.experiments.report.answer import answer_run
from loadtests.experiments.trial.resuming import plan_in

ABSENT = object()
GARBAGE = [
    *(None, [], {}, "", "x", True, -1, 0, 2.5, 10**18, 10**400, 1e300, float("nan"), float("inf")),
    *([[]], ["x", None], {"a": {"b": []}}, "<img src=x onerror=alert(1)>", "\ud800", "\x1b[2J"),
    ABSENT,
]


@pytest.fixture
def whole(folder):
    """Return the folder of a sound sweep, with the plan that the sweep would have recorded."""
    plan = make_plan({"skew": Given([0, 1], "skew")}, {"protection": Given("none", "protection")})
    save_run(folder, dataclasses.replace(load_run(folder), plan=dataclasses.asdict(plan)))
    return folder


def places(value, above=()):
    """Yield where every value in JSON stands, as keys and indexes from the outermost on."""
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in parts:
        yield (*above, key)
        if isinstance(part, dict | list):
            yield from places(part, (*above, key))


def with_value(content, place, new):
    """Return JSON with *new* in the place of one of its values."""
    changed = within = copy.deepcopy(content)
    for key in place[:-1]:
        within = within[key]
    if new is ABSENT:
        del within[place[-1]]
    else:
        within[place[-1]] = new
    return changed


def refusals(folder, other):
    """Return why the records are refused by report, pictures, sweep --resume and compare."""
    found = []
    for read in (answer_run, plan_in, lambda run: pair_runs(other, run, frozenset())):
        try:
            read(folder)
        except RecordError as error:
            found.append(str(error))
        except NotComparableError:
            pass
    return found


@pytest.mark.parametrize(
    ("name", "examples"),
    [
        *(("run.json", 12), ("trial-02.json", 4)),  # Those that are read make a report each.
        pytest.param("run.json", 1000, marks=pytest.mark.accept),
        pytest.param("trial-02.json", 1000, marks=pytest.mark.accept),
    ],
)
def test_one_value_of_any_kind_in_any_place_is_refused_or_read(whole, tmp_path, name, examples):
    sound = json.loads((whole / name).read_text())
    damaged = tmp_path / "damaged"
    shutil.copytree(whole, damaged)

    @settings(max_examples=examples, deadline=None, derandomize=examples < 1000)
    @given(st.sampled_from(list(places(sound))), st.sampled_from(GARBAGE))
    def read_damaged(place, garbage):
        (damaged / name).write_text(json.dumps(with_value(sound, place, garbage)))
        for line in refusals(damaged, whole):
            assert str(damaged) in line
            assert "\n" not in line

    read_damaged()


@pytest.mark.parametrize(
    ("place", "garbage", "sentence"),
    [
        (("plan",), [], "plan is a list"),
        (("plan", "load"), None, "TypeError: plan.load is a NoneType"),
        (("plan", "load"), ABSENT, "ValueError: plan.load is missing"),
        (("plan", "load", "rate"), float("inf"), "ValueError: plan.load.rate is inf"),
        (("plan", "load", "flags", "items"), 10**12, "items must be a whole number from 1 to"),
        (("plan", "load", "scenario"), "Nobody", "plan.load: scenario must be one of ReadHeavy"),
        (("plan", "axes", "skew"), "x", "TypeError: plan.axes.skew is a str"),
        (("plan", "axes", "skew", 1), {}, "TypeError: plan.axes.skew[1] is a dict"),
        (("plan", "knobs", "protection"), "hope", "protection must be one of none"),
        (("plan", "ttl_seconds", 0), True, "TypeError: plan.ttl_seconds[0] is a bool"),
        (("plan", "repetitions"), 10**9, "repetitions must be a whole number from 1 to 100"),
        (("plan", "memory"), None, "TypeError: plan.memory is a NoneType"),
        (("stack", 0), 5, "stack[0] is a int"),
        (("started_at",), float("nan"), "started_at is nan"),
        (("plan", "seed"), 10**400, "a number of 401 digits"),
    ],
    ids=lambda each: ".".join(map(str, each)) if isinstance(each, tuple) else "",
)
def test_the_place_of_a_wrong_value_is_named(capsys, whole, place, garbage, sentence):
    sound = json.loads((whole / "run.json").read_text())
    (whole / "run.json").write_text(json.dumps(with_value(sound, place, garbage)))

    assert cli.main(["report", str(whole)]) == 2

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {whole}/run.json: not a record: ")
    assert sentence in line


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[" * 100_000, "its lists are too deep"),
        ('{"format": 1, "plan": ' + '{"a":' * 100_000, "its lists are too deep"),
        ('{"format": 1, "seed": ' + "9" * 5000 + "}", "a number of 5000 digits"),
        ('{"format": 1, "format": 2}', "it has format 2, this program reads 1"),
        (b"\xff\xfe{", "'utf-8' codec can't decode byte 0xff"),
    ],
    ids=["deep lists", "a deep plan", "a long number", "a key twice", "another encoding"],
)
def test_a_file_that_no_run_wrote_is_refused(folder, text, sentence):
    (folder / "run.json").write_bytes(text if isinstance(text, bytes) else text.encode())

    with pytest.raises(RecordError, match=re.escape(sentence)):
        load_run(folder)


@pytest.mark.parametrize("name", ["run.json", "trial-01.json", "trial-01.npz"])
@pytest.mark.parametrize("kind", ["a FIFO", "a folder", "a loop of links", "nothing of 2 GB"])
def test_what_is_no_file_of_a_record_is_not_read(folder, name, kind):
    path = folder / name
    path.unlink()
    if kind == "a FIFO":
        os.mkfifo(path)  # Opening one without a writer waits for ever.
    elif kind == "a folder":
        path.mkdir()
    elif kind == "a loop of links":
        path.symlink_to(path)
    else:
        with path.open("wb") as file:
            file.truncate(2**31)

    if name == "run.json":
        with pytest.raises(RecordError, match="cannot be read"):
            load_run(folder)
    else:
        (line,) = load_results(folder).damaged
        assert line.startswith(f"{path}")
        assert "cannot be read" in line


@pytest.mark.parametrize("value", [10**18, 1e300])
def test_a_run_that_began_at_no_date_is_refused(capsys, whole, value):
    sound = json.loads((whole / "run.json").read_text())
    (whole / "run.json").write_text(json.dumps(sound | {"started_at": value}))

    assert cli.main(["report", str(whole)]) == 2

    assert capsys.readouterr().err == (
        f"error: {whole}: not a record: ValueError: {value:g} s after 1970 is no date\n"
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_trial_whose_start_is_no_finite_number_is_left_out(folder, value):
    path = folder / "trial-01.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"started_at": value}))

    results = load_results(folder)

    assert results.damaged == [f"{path}: not a record: started_at is {value}, which is no number"]
    assert 1 not in {trial.number for trial in results.trials}


def test_samples_of_more_lookups_than_fit_into_memory_are_left_out(folder):
    path = folder / "trial-01.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("offset", "response", "service", "result"):
            claimed = b"{'descr': '<f4', 'fortran_order': False, 'shape': (%d,), }" % 10**15
            head = claimed.ljust(117) + b"\n"
            archive.writestr(f"{name}.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + head)

    (line,) = load_results(folder).damaged

    assert line.startswith(f"{path}: not samples")

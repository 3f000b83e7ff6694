"""Which runs and trials are comparable, and what the compare verb says of those that are not."""

import json
import shutil

import pytest

from loadtests import cli
from loadtests.experiments.comparison.comparison import compare
from loadtests.experiments.comparison.comparison_text import bencher, comparison_markdown
from loadtests.experiments.comparison.pairing import ASPECTS, NotComparableError, pair_runs


@pytest.fixture
def changed(folder, tmp_path):
    """Return a function that copies the run with some values of run.json replaced."""

    def make(**values):
        copy = tmp_path / "second"
        shutil.copytree(folder, copy)
        run = json.loads((copy / "run.json").read_text())
        (copy / "run.json").write_text(json.dumps(run | values))
        return copy

    return make


def test_trials_pair_by_ttl_repetition_and_seed_and_doubted_ones_are_left_out(folder):
    paired = pair_runs(folder, folder, frozenset())

    assert [pair.ttl_seconds for pair in paired.pairs] == [1.0, 5.0]
    assert paired.left_out == ["TTL 2 s, repetition 1 is doubted; see the report of the run"]


def test_trial_of_one_run_only_is_left_out_and_named(folder, changed):
    second = changed()
    (second / "trial-01.json").unlink()

    paired = pair_runs(folder, second, frozenset())

    assert [pair.ttl_seconds for pair in paired.pairs] == [1.0]
    assert "TTL 5 s, repetition 1 is in one run only" in paired.left_out


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"machine": "another"}, "differ in host: machine Linux, 2 cores and another; measure"),
        ({"store_delay_seconds": 0.5}, "differ in knobs: store_delay_seconds 0.01 and 0.5"),
        ({"versions": {"redis": "8.0"}}, "versions: redis not recorded and 8.0"),
    ],
)
def test_runs_that_differ_are_refused_with_the_difference(folder, changed, values, message):
    with pytest.raises(NotComparableError, match=message):
        pair_runs(folder, changed(**values), frozenset())


def test_runs_of_other_seeds_sent_other_traffic(folder, changed):
    plan = json.loads((folder / "run.json").read_text())["plan"]

    with pytest.raises(
        NotComparableError, match=r"seeds 1 and 2, .*; measure the second with --seed 1"
    ):
        pair_runs(folder, changed(plan={**plan, "seed": 2}), frozenset(ASPECTS))


def test_runs_of_another_target_are_refused(folder, changed):
    second = changed(target="GET http://127.0.0.1:8080/api/{key}")

    with pytest.raises(NotComparableError, match="target our service and GET http:"):
        pair_runs(folder, second, frozenset())


def test_another_processor_is_another_host_where_both_are_known(folder, changed):
    first = changed(versions={"processor": "A"})
    second = first.parent / "third"
    shutil.copytree(first, second)
    run = json.loads((second / "run.json").read_text())
    (second / "run.json").write_text(json.dumps(run | {"versions": {"processor": "B"}}))

    with pytest.raises(NotComparableError, match="differ in host: processor A and B; measure"):
        pair_runs(first, second, frozenset())
    assert pair_runs(folder, second, frozenset()).pairs


def test_difference_can_be_allowed(folder, changed):
    assert pair_runs(folder, changed(machine="another"), frozenset({"host"})).pairs


def test_commit_may_differ_since_it_is_what_is_compared(folder, changed):
    assert pair_runs(folder, changed(versions={"commit": "abc"}), frozenset()).pairs


def test_verb_writes_what_pull_requests_and_tools_read(folder, tmp_path, capsys):
    output = tmp_path / "compared"

    code = cli.main(["compare", str(folder), str(folder), "--output", str(output), "--json"])

    assert code == 0
    answer = json.loads(capsys.readouterr().out)
    assert {each["verdict"] for each in answer["differences"]} <= {"no change", "cannot tell"}
    assert {path.name for path in output.iterdir()} == {
        *("report.md", "github-action-benchmark.json", "bencher.json"),
    }


def test_output_without_a_name_is_refused(folder, capsys):
    assert cli.main(["compare", str(folder), str(folder), "--output", ""]) == 2
    assert capsys.readouterr().err == (
        "error: --output must name a folder, got ''; leave it out or name one\n"
    )


def test_verb_refuses_what_is_not_comparable_in_one_line(folder, changed, capsys):
    assert cli.main(["compare", str(folder), str(changed(machine="another"))]) == 2
    assert capsys.readouterr().err == (
        "error: the runs differ in host: machine Linux, 2 cores and another; measure them alike,"
        " or accept it by --allow host\n"
    )


def test_verb_prints_a_table_that_fits(folder, capsys):
    assert cli.main(["compare", str(folder), str(folder)]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 100


def test_trials_pair_within_their_combination_whichever_value_the_plan_names_first(folder, changed):
    plan = json.loads((folder / "run.json").read_text())["plan"]
    first = changed(plan={**plan, "axes": {"skew": [0.5, 1.0]}})
    for number, skew in ((1, 0.5), (2, 1.0)):
        path = first / f"trial-{number:02d}.json"
        path.write_text(path.read_text().replace('"values": {}', f'"values": {{"skew": {skew}}}'))
    second = first.parent / "third"
    shutil.copytree(first, second)
    flags = {**plan["load"]["flags"], "skew": 0.5}
    turned = {**plan, "axes": {"skew": [1.0, 0.5]}, "load": {**plan["load"], "flags": flags}}
    run = json.loads((second / "run.json").read_text())
    (second / "run.json").write_text(json.dumps(run | {"plan": turned}))

    paired = pair_runs(first, second, frozenset())

    assert [(pair.values, pair.ttl_seconds) for pair in paired.pairs] == [
        ({"skew": 0.5}, 5.0),
        ({"skew": 1.0}, 1.0),
    ]
    assert [each.values for each in compare(paired.pairs).shapes] == [{"skew": 0.5}, {"skew": 1.0}]
    assert "| 1, 1 | hit ratio |" in comparison_markdown(compare(paired.pairs), [])
    assert list(bencher(compare(paired.pairs))) == ["skew 0.5, TTL 5 s", "skew 1, TTL 1 s"]


def test_run_of_a_version_with_fewer_flags_sent_their_defaults(folder, changed):
    plan = json.loads((folder / "run.json").read_text())["plan"]
    flags = {**plan["load"]["flags"], "shape": "steady", "write_ratio": 0.1, "preset": "none"}
    newer = changed(
        plan={**plan, "load": {**plan["load"], "flags": flags, "scenario": "ReadHeavy"}}
    )
    paired = pair_runs(folder, newer, frozenset())

    assert len(paired.pairs) == 2

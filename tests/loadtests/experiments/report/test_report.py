"""The report of a run: JSON, tables, conclusions."""

import dataclasses
import io
import json
import re

import pytest
from rich.console import Console

from loadtests.experiments.figures.conclusions import (
    agrees_with_theory,
    conclusions,
    store_sentence,
)
from loadtests.experiments.figures.doubt import Doubt
from loadtests.experiments.figures.results import as_json, load_results
from loadtests.experiments.figures.window_loads import WindowLoads
from loadtests.experiments.report.answer import answer_run
from loadtests.experiments.report.pages import render_sweep
from loadtests.experiments.report.table import run_tables
from loadtests.output.figure_text import UNKNOWN
from loadtests.service_under_test.contract import SERVICE_RESULTS
from loadtests.stack.guardian import ROOT

KEYS = [
    *("knobs", "ttl_seconds", "number", "repetition", "hit_ratio", "hit_ratio_low"),
    *("hit_ratio_high", "predicted_hit_ratio", "replayed_hit_ratio", "residual"),
    *("offload_ratio", "predicted_offload_ratio", "lookups", "results"),
    *("near_ratio", "predicted_near_ratio", "replayed_near_ratio"),
    *(
        f"{clock}{word}_{quantile}_ms"
        for clock in ("", "service_")
        for word in ("all", *SERVICE_RESULTS, "unknown")
        for quantile in ("p50", "p95", "p99")
    ),
    *("store_queries_per_second", "predicted_store_queries_per_second", "target_rate"),
    *("achieved_rate", "window_seconds", "fill_seconds", "cache_reads_per_second"),
    *("predicted_cache_reads_per_second", "load_ms", "counted_by", "trusted", "doubts"),
    *("values", "judged_reads", "stale_ratio", "staleness_mean_seconds", "writes_visible_ratio"),
    *("predicted_stale_ratio", "predicted_staleness_mean_seconds"),
    *("predicted_writes_visible_ratio", "writes_visible_after_seconds"),
]

LATER_FIELDS = {
    *("conditions", "replay", "lookups_per_second", "counted_by", "new_keys", "older_until"),
}


def print_tables(results):
    console = Console(width=100, file=io.StringIO())
    console.print(run_tables(results))
    return console.file.getvalue()


def test_json_has_the_agreed_shape(results, tmp_path):
    answer = as_json(results, tmp_path / "report.html")

    assert list(answer) == ["trials", "pooled", "damaged", "report"]
    assert [trial["ttl_seconds"] for trial in answer["trials"]] == [1.0, 2.0, 5.0]
    for trial in answer["trials"]:
        assert list(trial) == KEYS
    assert answer["report"] == str(tmp_path / "report.html")
    assert "NaN" not in json.dumps(answer)


def test_every_key_of_the_json_is_documented(results):
    answer = as_json(results, None)
    text = (ROOT / "docs/method.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`(\w+)`", text.partition("`--json` prints one object")[2]))

    percentile = re.compile(r"(service_)?(\w+)_p\d\d_ms")
    keys = {*answer, *(key for key in answer["trials"][0] if not percentile.fullmatch(key))}
    assert keys - documented == set()
    assert {"all_p50_ms", "service_miss_p95_ms"} < documented & set(answer["trials"][0])


def test_json_is_null_for_unknown_figures(results):
    trial = as_json(results, None)["trials"][0]

    assert trial["miss_p99_ms"] is None
    assert trial["hit_p99_ms"] == pytest.approx(1.95, abs=0.06)
    assert trial["results"]["hit"] == 900


def test_trial_without_counts_is_shown_as_unknown_everywhere(results):
    unknown = dataclasses.replace(results.trials[0], lookups=None, results=None)
    aborted = dataclasses.replace(results, trials=[unknown])

    trial = as_json(aborted, None)["trials"][0]

    assert (trial["lookups"], trial["results"]) == (None, None)
    assert "None" not in print_tables(aborted)
    pages = render_sweep(aborted)
    assert f"<td>{UNKNOWN}</td><td>" in pages.html
    assert "None" not in pages.markdown


@pytest.mark.parametrize("name", ["trial-02.json", "trial-02.npz"])
@pytest.mark.parametrize("damage", ["cut off", "overwritten", "empty"])
def test_damaged_trial_is_named_and_the_others_are_reported(folder, name, damage):
    whole = (folder / name).read_bytes()
    middle = len(whole) // 2
    content = {
        "cut off": whole[:middle],
        "overwritten": whole[:middle] + b"\xff" * 99 + whole[middle + 99 :],
        "empty": b"",
    }
    (folder / name).write_bytes(content[damage])

    answer = answer_run(folder)

    assert [trial["ttl_seconds"] for trial in answer.content["trials"]] == [2.0, 5.0]
    assert len(answer.content["damaged"]) == 1
    assert name in answer.content["damaged"][0]
    assert name in answer.page.read_text()
    assert name in print_tables(load_results(folder))


def test_report_is_made_of_no_trial_if_all_are_damaged(folder):
    for path in folder.glob("trial-*.json"):
        path.write_text("{")

    answer = answer_run(folder)

    assert answer.content["trials"] == []
    assert len(answer.content["damaged"]) == 3
    assert "Nothing can be concluded from this run." in answer.page.read_text()


def test_record_without_any_later_field_still_gives_a_report(folder):
    """Format 1 as its first version wrote it."""
    for path in folder.glob("trial-*.json"):
        values = json.loads(path.read_text())
        first = {name: value for name, value in values.items() if name not in LATER_FIELDS}
        path.write_text(json.dumps(first))
    run = json.loads((folder / "run.json").read_text())
    del run["versions"]
    (folder / "run.json").write_text(json.dumps(run))

    answer = answer_run(folder)

    assert [trial["hit_ratio"] for trial in answer.content["trials"]] == [0.9, 0.9, 0.9]
    assert answer.content["damaged"] == []


def test_tables_fit_a_hundred_columns(results):
    text = print_tables(results)

    assert max(map(len, text.splitlines())) <= 100
    assert "0.900" in text
    assert UNKNOWN in text


def test_table_of_stale_and_replayed_trials_fits_a_hundred_columns(results):
    stale = [
        dataclasses.replace(
            trial,
            ttl_seconds=604_800.0,
            replayed_hit_ratio=0.901,
            residual=-0.001,
            store_queries_per_second=12_345.6,
            target_rate=10_000.0,
            achieved_rate=9_999.0,
            results=trial.results | {"hit": 600, "stale": 300},
        )
        for trial in results.trials
    ]

    text = print_tables(dataclasses.replace(results, trials=stale))

    assert "…" not in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 100
    assert "30.0 %" in text
    assert "0.901" in text
    assert "-0.1" in text


def test_trials_with_a_near_tier_have_a_table_of_who_answers(results):
    figures = {
        "near_ratio": 0.402,
        "replayed_near_ratio": 0.403,
        "predicted_near_ratio": 0.404,
        "cache_reads_per_second": 596.0,
        "predicted_cache_reads_per_second": 597.0,
    }
    trials = [dataclasses.replace(results.trials[0], **figures), *results.trials[1:]]

    text = print_tables(dataclasses.replace(results, trials=trials))

    row = r"^ *1 +[0-9]+ +0\.402 +0\.403 +0\.404 +596\.0 +597\.0"
    assert re.search(row, text, re.MULTILINE)
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 100


def test_table_without_stale_lookups_and_replays_has_no_columns_for_them(results):
    text = print_tables(results)

    assert "near" not in text

    assert "stale" not in text
    assert "replay" not in text


def test_store_delay_is_stated_above_the_table(results):
    lines = print_tables(results).splitlines()

    said = next(i for i, line in enumerate(lines) if "store_delay_seconds 0.01" in line)
    table = next(i for i, line in enumerate(lines) if "hit" in line and i > said)
    assert said < table


def test_absence_of_a_store_delay_is_stated(run_record):
    plain = dataclasses.replace(run_record, store_delay_seconds=0.0)

    assert store_sentence(plain) == "Store: SQLite, no delay added."


def test_doubted_trial_is_marked_and_supports_no_conclusion(results):
    text = print_tables(results)

    assert re.search(r"^ *2\*", text, re.MULTILINE)
    assert "load generator used 95% of a core" in text
    assert "1 of 3 trials are doubted" in text
    assert "TTL measured that reaches a hit ratio of 0.9 is 1 s (0.900)" in text


def test_nothing_is_concluded_from_doubted_trials_alone(results):
    doubted = [trial for trial in results.trials if not trial.trusted]

    sentences = conclusions(results.run, doubted)

    assert sentences == [
        "Whether a TTL reaches a hit ratio of 0.9 is unknown: TTL 2 s is doubted.",
        "1 of 1 trials are doubted, and nothing is concluded from them.",
    ]


def test_late_trial_is_marked_and_its_latencies_support_no_conclusion(results):
    late = Doubt("late-starts", "late", "wait", "latency")
    trials = [dataclasses.replace(trial, doubts=[late]) for trial in results.trials]

    text = print_tables(dataclasses.replace(results, trials=trials))

    assert re.search(r"^ *2~", text, re.MULTILINE)
    assert "The latencies of 3 of 3 trials are doubted." in text
    assert "half of the hits" not in text
    assert "is 1 s (0.900)" in text


def test_conclusions_are_drawn_from_trusted_latencies(results):
    text = " ".join(conclusions(results.run, results.trials))

    assert "At 5 s half of the hits are answered within 1.6 ms" in text
    assert "half of the misses within 12.0 ms" in text


def test_stale_hits_are_stated_where_they_are_most(results):
    def stale(trial, number):
        changed = trial.results | {"hit": 900 - number, "stale": number}
        return dataclasses.replace(trial, results=changed)

    first, doubted, last = results.trials
    trials = [stale(first, 300), stale(doubted, 900), stale(last, 100)]

    sentences = conclusions(results.run, trials)

    assert (
        "At 1 s 30.0 % of the lookups were served a stale entry, which is 33.3 % of the hits."
        in sentences
    )
    assert not any("stale" in each for each in conclusions(results.run, results.trials))


def test_trace_is_compared_with_theory_by_its_offload_ratio(results):
    trace = dataclasses.replace(
        results.trials[0],
        of_trace=True,
        hit_ratio_low=None,
        hit_ratio_high=None,
        hit_ratio_error=None,
        batches=0,
        window_loads=WindowLoads(0, None, []),
        predicted_hit_ratio=0.5,
        predicted_offload_ratio=0.905,
    )

    assert agrees_with_theory(trace)
    assert "off by 0.5 points of offload" in " ".join(conclusions(results.run, [trace]))


def test_best_hit_ratio_is_named_where_no_ttl_reaches_the_wanted_one(results):
    wanted = dataclasses.replace(results.run, wanted_hit_ratio=0.99)

    trusted = [trial for trial in results.trials if trial.trusted]

    assert conclusions(wanted, trusted)[0].startswith(
        "No TTL measured reaches a hit ratio of 0.99: the best is 0.900"
    )


def test_agreement_with_theory_allows_one_point_or_three_standard_errors(results):
    trial = results.trials[0]

    def against(predicted, error=0.0005):
        return agrees_with_theory(
            dataclasses.replace(trial, predicted_hit_ratio=predicted, hit_ratio_error=error)
        )

    assert against(0.909)
    assert not against(0.912)
    assert against(0.929, error=0.01)
    assert not against(0.931, error=0.01)
    assert against(None) is None
    assert against(0.905, error=None)

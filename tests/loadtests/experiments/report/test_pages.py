"""The pages of a report: HTML with charts, and Markdown for a pull request."""

import dataclasses
import re

from plotly.offline import get_plotlyjs_version

from loadtests.experiments.figures.doubt import Doubt
from loadtests.experiments.figures.percentiles import Percentiles
from loadtests.experiments.plan.fields import Given
from loadtests.experiments.plan.plan import make_plan
from loadtests.experiments.report.answer import answer_run
from loadtests.experiments.report.pages import render_sweep

CHARTS_OVER_TTL = 6
LINES = ("hit_ratio", "median_seconds", "slowest_seconds")


def body_of(html):
    return html.partition("</head>")[2]


def test_report_holds_the_charts_of_the_version_that_writes_them_and_stays_small(folder):
    page = answer_run(folder).page

    assert f"plotly.js (basic - minified) v{get_plotlyjs_version()}" in page.read_text()[:20_000]
    assert page.stat().st_size < 1_500_000


def test_report_of_thirty_trials_stays_small(results):
    many = [
        dataclasses.replace(
            trial,
            repetition=repetition,
            percentiles=dict.fromkeys(trial.percentiles, Percentiles(0.0123, 0.0234, 0.0345, 5000)),
            results=dict.fromkeys(trial.results, 130),
            series=dataclasses.replace(trial.series, **dict.fromkeys(LINES, [0.12345] * 100)),
        )
        for trial in results.trials
        for repetition in range(1, 11)
    ]

    html = render_sweep(dataclasses.replace(results, trials=many)).html

    assert len(html.encode()) < 1_500_000


def test_report_loads_nothing_from_elsewhere(results):
    html = render_sweep(results).html

    page = re.sub(r"<script>.*?</script>", "", html, count=1, flags=re.DOTALL)
    assert not re.findall(r"""(?:src|href)=["']""", page)
    assert "https://" not in page


def test_report_states_the_findings_and_their_conditions(results):
    html = render_sweep(results).html

    assert "<h1>A sweep by hand</h1>" in html
    assert "with store_delay_seconds 0.01: every load sleeps 10 ms" in html
    assert "Zipf (s = 0.99) over 50 items" in html
    assert "TTL 2 s, trial 3: the load generator used 95% of a core." in html
    assert "<td>0.900</td>" in html
    assert "Prediction: by hand." in html
    assert "The first 1.5 TTLs are discarded" in html
    assert "smallest whole number of TTLs, 10 or more" in html


def test_report_draws_charts_over_ttl_and_one_over_time_for_each_trial(results):
    body = body_of(render_sweep(results).html)

    assert body.count('class="plotly-graph-div"') == CHARTS_OVER_TTL + 3
    assert "<h3>TTL 2 s, trial 3, doubted</h3>" in body


def test_report_without_lookups_has_no_charts(results):
    empty = [dataclasses.replace(trial, lookups=0, series=None) for trial in results.trials]

    html = render_sweep(dataclasses.replace(results, trials=empty)).html

    assert "plotly-graph-div" not in body_of(html).partition("<script>")[0]


def test_report_names_every_knob_and_setting(results):
    def knobs_of(record):
        return {**record.knobs, "protection": "stale", "fencing": "on"}

    load = results.run.plan["load"]
    plan = {**results.run.plan, "knobs": {"protection": "stale"}, "wanted_hit_ratio": 0.9}
    run = dataclasses.replace(results.run, plan=plan, versions={"commit": "abc123+", "redis": None})
    records = {
        number: dataclasses.replace(record, knobs=knobs_of(record))
        for number, record in results.records.items()
    }

    pages = render_sweep(dataclasses.replace(results, run=run, records=records))

    for name in (*load["flags"], *plan, "protection", "fencing", "machine", "versions commit"):
        if name not in {"load", "knobs"}:
            assert f">{name}</dt>" in pages.html, name
    assert '<dt class="given">protection</dt><dd class="given">stale</dd>' in pages.html
    assert "<dt>fencing</dt><dd>on</dd>" in pages.html
    assert '<dd class="given">1, 2, 5</dd>' in pages.html
    assert "<dt>versions commit</dt><dd>abc123+</dd>" in pages.html
    assert "<dt>versions redis</dt><dd>–</dd>" in pages.html  # noqa: RUF001 - unknown
    assert "Knobs: protection stale." in pages.html
    assert "versions commit abc123+" in pages.markdown


def test_report_states_the_shares_of_the_most_popular_ids(results):
    plan = make_plan({"items": Given(2, "items"), "skew": Given(1.0, "skew")}, {})
    run = dataclasses.replace(results.run, plan=dataclasses.asdict(plan))

    html = render_sweep(dataclasses.replace(results, run=run)).html

    assert "<dt>share of the top 1</dt><dd>66.7 %</dd>" in html
    assert "<dt>share of the top 10</dt><dd>100.0 %</dd>" in html


def test_report_shows_which_share_of_the_hits_was_served_stale(results):
    stale = [
        dataclasses.replace(trial, results=trial.results | {"hit": 600, "stale": 300})
        for trial in results.trials
    ]

    pages = render_sweep(dataclasses.replace(results, trials=stale))

    row = re.search(r"<tr><td[^>]*>1</td><td[^>]*>2</td><td[^>]*>stale</td>.*", pages.html).group(0)
    assert "<td>300</td><td>30.0 %</td>" in row
    assert re.search(r"^\| 1 \| 2 \| stale \| 300 \| 30\.0 % \|", pages.markdown, re.MULTILINE)
    assert '"name":"stale"' in pages.html


def test_report_has_percentiles_of_all_lookups_and_of_each_result_on_both_clocks(results):
    html = render_sweep(results).html

    rows = re.findall(r"<tr><td[^>]*>1</td><td[^>]*>2</td><td[^>]*>(\w+)</td>", html)
    assert rows == ["all", "hit", "miss"]
    for clock in ("response", "service"):
        for quantile in ("p50", "p95", "p99"):
            assert f'content: "{clock} time, ms {quantile}"' in html


def test_equal_doubts_share_one_line(results):
    def late(number):
        return Doubt("late-starts", f"1 % started {number} ms late", "wait", "latency")

    trials = [
        dataclasses.replace(trial, doubts=[late(12 + index)])
        for index, trial in enumerate(results.trials)
    ]

    pages = render_sweep(dataclasses.replace(results, trials=trials))

    line = "ll 3 trials: 1 % started 12–14 ms late"  # noqa: RUF001 - a range
    assert pages.html.count(f"A{line}") == 1
    assert pages.markdown.count(f"a{line}; wait") == 1


def test_title_cannot_break_the_report(results):
    titled = dataclasses.replace(results.run, title="<script>alert(1)</script> | *x*\n# y")

    pages = render_sweep(dataclasses.replace(results, run=titled))

    assert "<script>alert" not in pages.html
    assert r"## \<script\>alert(1)\</script\> \| \*x\* # y" in pages.markdown


def test_markdown_is_written_beside_the_page_with_a_row_for_each_trial(folder):
    answer = answer_run(folder)

    text = (folder / "report.md").read_text(encoding="utf-8")
    assert answer.page.parent == folder
    assert text.startswith("## A sweep by hand\n")
    assert "**The smallest TTL measured that reaches a hit ratio of 0.9 is 1 s (0.900)" in text
    rows = [line for line in text.splitlines() if line.startswith(r"| 2\* | 3 | 0.900 |")]
    assert len(rows) == 1
    heads = [line for line in text.splitlines() if line.startswith("| TTL s | trial | hit ratio")]
    assert heads[0].count("|") == rows[0].count("|")
    assert r"* TTL 2 s, trial 3: the load generator used 95% of a core; lower the rate" in text


def test_repetitions_are_pooled_in_a_table_of_their_own(results):
    again = [
        dataclasses.replace(trial, number=trial.number + 3, repetition=2)
        for trial in results.trials
    ]

    alone = render_sweep(results)
    pages = render_sweep(
        dataclasses.replace(
            results,
            trials=[*results.trials, *again],
            records=results.records
            | {number + 3: record for number, record in results.records.items()},
        )
    )

    assert "Repetitions taken together" not in alone.html
    assert "Repetitions taken together" in pages.html
    assert re.search(
        r"^\| 5 \| 2 \| 0\.900 \| 0\.900-0\.900 \| 10\.0 \|", pages.markdown, re.MULTILINE
    )

"""Every panel shows the figure that follows from known traffic, and every mark its moment."""

import json
import subprocess

import pytest

from tests.dashboards.board_files import all_queries, fill_variables
from tests.dashboards.figures import FIGURES, GAUGES, HISTOGRAMS, NOTHING, RATES

pytestmark = pytest.mark.integration

BOUNDS = ("0.1", "0.2", "2", "4", "+Inf")
PANEL_QUERIES = [query for query in all_queries() if query.kind == "panel"]


def rising(per_second):
    return f"0+{per_second * 5:g}x240"


def input_series():
    yield from (
        {"series": series, "values": rising(per_second)} for series, per_second in RATES.items()
    )
    yield from ({"series": series, "values": f"{value}x240"} for series, value in GAUGES.items())
    for (begin, filled), per_second in HISTOGRAMS.items():
        first = BOUNDS.index(filled[0])
        for number, bound in enumerate(BOUNDS):
            values = rising(per_second if number >= first else 0)
            yield {"series": f'{begin}, le="{bound}"}}', "values": values}


def judged(folder, promtool, series, tests):
    """Return what promtool says of queries on series, which is SUCCESS."""
    case = {"interval": "5s", "input_series": series, "promql_expr_test": tests}
    (folder / "case.yml").write_text(json.dumps({"evaluation_interval": "5s", "tests": [case]}))
    done = subprocess.run(
        [promtool, "test", "rules", folder / "case.yml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def samples(figure):
    by_labels = figure if isinstance(figure, dict) else {"{}": figure}
    return [{"labels": labels, "value": value} for labels, value in by_labels.items()]


@pytest.mark.parametrize("board", FIGURES)
def test_panels_show_the_figures_of_known_traffic(promtool_path, tmp_path, board):
    seen = {}
    tests = []
    for query in PANEL_QUERIES:
        if query.board == board:
            line = seen[query.title] = seen.get(query.title, -1) + 1
            # Whole thousandths, because promtool 2.42 compares to the last bit.
            expr = f"round(1000 * ({fill_variables(query.expr)}))"
            figure = FIGURES[board][query.title][line]
            tests.append({"expr": expr, "eval_time": "15m", "exp_samples": samples(figure)})

    assert {title: line + 1 for title, line in seen.items()} == {
        title: len(figures) for title, figures in FIGURES[board].items()
    }
    assert "SUCCESS" in judged(tmp_path, promtool_path, list(input_series()), tests)


NUMBERS = {
    "ttl_seconds": "60x5 5x20",
    "ttl_jitter_ratio": "0x25",
    "negative_ttl_seconds": "5x25",
    "early_beta": "1x5 2x20",
    "stale_seconds": "30x25",
    "shadow_ratio": "0x25",
    "near_seconds": "0x25",
    "near_entries": "10000x25",
    "store_delay_seconds": "0x11 0.1x14",
}
CHOICES = {
    "protection": {"none": "1x5 0x20", "lease": "0x5 1x20"},
    "invalidation": {"delete": "1x25", "none": "0x25"},
    "fencing": {"on": "1x25", "off": "0x25"},
}
KNOB_SERIES = [
    *(
        {"series": f'cacheaside_{knob}{{job="service", instance="a"}}', "values": values}
        for knob, values in NUMBERS.items()
    ),
    *(
        {
            "series": f'cacheaside_{knob}{{job="service", instance="a", mode="{mode}"}}',
            "values": values,
        }
        for knob, modes in CHOICES.items()
        for mode, values in modes.items()
    ),
]


def mark(name):
    """Return a mark's query and its labels, whatever its value above 0 is."""
    query = next(query for query in all_queries() if query.title == name)
    return f"(0 * ({fill_variables(query.expr)}) + 1)"


def test_knobs_turned_at_once_are_one_mark_of_one_moment_that_names_them(promtool_path, tmp_path):
    three = "ttl_seconds is now 5. early_beta is now 2. protection is now lease. "
    one = "store_delay_seconds is now 0.1. "
    # The sixth sample, at 30 s, is the first with the new values; 5 s later nothing is new.
    moments = {"25s": None, "30s": three, "35s": None, "55s": None, "60s": one, "65s": None}
    tests = [
        {
            "expr": mark("Knobs"),
            "eval_time": moment,
            "exp_samples": [{"labels": f'{{turned="{text}"}}', "value": 1}] if text else [],
        }
        for moment, text in moments.items()
    ]

    assert "SUCCESS" in judged(tmp_path, promtool_path, KNOB_SERIES, tests)


def test_start_and_end_of_a_load_are_one_moment_each(promtool_path, tmp_path):
    users = {
        "l": "0x5 2x4 3x4 0x20",
        # A headless one is there only while it runs; the demo's goes on all the time.
        "h": "_x6 1x4 stale",
        "demo": "1x40",
    }
    series = [
        {"series": f'loadtest_users{{job="locust", instance="{name}"}}', "values": values}
        for name, values in users.items()
    ]
    moments = {
        "25s": [],
        "30s": [("l", "started"), ("h", "started")],
        "35s": [],
        "55s": [("h", "stopped")],
        "60s": [],
        "80s": [("l", "stopped")],
        "85s": [],
    }
    tests = [
        {
            "expr": mark("Load"),
            "eval_time": moment,
            "exp_samples": [
                {"labels": f'{{instance="{name}", what="{what}"}}', "value": 1}
                for name, what in marks
            ],
        }
        for moment, marks in moments.items()
    ]

    assert "SUCCESS" in judged(tmp_path, promtool_path, series, tests)


@pytest.mark.parametrize(("serves_stale", "shown"), [(0, 3000), (1, 3500)])
def test_no_age_is_above_the_longest_life_of_an_entry(promtool_path, tmp_path, serves_stale, shown):
    """The bucket of the oldest reaches from 2 to 4 s, whether entries live for 3 s or 3.5 s."""
    at = 'job="service", instance="a"'
    series = {
        f'cacheaside_entry_age_seconds_bucket{{{at}, le="2"}}': "0x60",
        f'cacheaside_entry_age_seconds_bucket{{{at}, le="4"}}': "0+5x60",
        f'cacheaside_entry_age_seconds_bucket{{{at}, le="+Inf"}}': "0+5x60",
        f"cacheaside_ttl_seconds{{{at}}}": "3x60",
        f"cacheaside_stale_seconds{{{at}}}": "0.5x60",
        f'cacheaside_protection{{{at}, mode="stale"}}': f"{serves_stale}x60",
    }
    p99 = [query for query in PANEL_QUERIES if query.title == "Age of served entries"][1]
    test = {
        "expr": f"round(1000 * ({fill_variables(p99.expr)}))",
        "eval_time": "3m",
        "exp_samples": samples(shown),
    }
    inputs = [{"series": name, "values": values} for name, values in series.items()]

    assert "SUCCESS" in judged(tmp_path, promtool_path, inputs, [test])


def test_the_key_of_the_knobs_alone_makes_no_hit_ratio(promtool_path, tmp_path):
    at = 'job="service", instance="a"'
    series = {
        'redis_keyspace_hits_total{job="redis", instance="r"}': "0+10x60",
        'redis_keyspace_misses_total{job="redis", instance="r"}': "0x60",
        f'cacheaside_cache_key_reads_total{{{at}, found="true"}}': "0+10x60",
        f'cacheaside_lookups_total{{{at}, result="hit"}}': "0x60",
    }
    tests = [
        {"expr": fill_variables(query.expr), "eval_time": "3m", "exp_samples": []}
        for query in PANEL_QUERIES
        if query.title == "Hit ratio, three ways"
    ]
    inputs = [{"series": name, "values": values} for name, values in series.items()]

    assert len(tests) == 4
    assert "SUCCESS" in judged(tmp_path, promtool_path, inputs, tests)


def test_share_of_the_target_is_whole_or_unknown_while_one_load_follows_another_at_the_same_port(
    promtool_path, tmp_path
):
    """A calm load, its spike, fifteen seconds of nobody there, and the next, which counts anew."""
    at = 'job="locust", instance="l"'
    counted = {
        "target_arrivals_total": "0+200x5 2200+1200x3 _x2 320 520+200x12",
        # Workers report the first requests of a load late.
        "sent_total": "0+200x5 2200+1200x3 _x2 20 120 720+200x11",
    }
    series = [
        {"series": f"loadtest_{name}{{{at}}}", "values": values}
        for name, values in {"target_rate": "40x5 240x3 _x2 40x13", **counted}.items()
    ]
    query = next(query for query in PANEL_QUERIES if query.title == "Achieved share of the target")
    # Unknown while a rate still reaches back to before the load.
    moments = {
        **dict.fromkeys((10, 15), NOTHING),
        **dict.fromkeys((20, 25, 30, 35, 40, 45, 50, 55), 1000),
        **dict.fromkeys((60, 65, 70, 75, 80), NOTHING),
        **dict.fromkeys((95, 105), 1000),
    }
    tests = [
        {
            "expr": f"round(1000 * ({fill_variables(query.expr)}))",
            "eval_time": f"{seconds}s",
            "exp_samples": samples(figure),
        }
        for seconds, figure in moments.items()
    ]

    assert "SUCCESS" in judged(tmp_path, promtool_path, series, tests)

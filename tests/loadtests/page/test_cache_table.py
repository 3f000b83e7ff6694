"""The rows of the Cache tab."""

from loadtests.output.figure_text import UNKNOWN
from loadtests.page.cache_table import COLUMNS, cache_rows
from loadtests.page.snapshot import View
from loadtests.sender.samples import RESULT_INDEX
from loadtests.sender.tallies import Tallies


def rows(*words, **given):
    tallies = Tallies(rows=[(0.0, 0.0025, 0.00111, RESULT_INDEX[word], 0) for word in words])
    tallies.fold(["ReadHeavy"], 0.0)
    for name in ("judged_reads", "stale_reads"):
        setattr(tallies, name, given.pop(name, 0))
    return {row["name"]: row for row in cache_rows(View(shown=tallies, **given))}


def test_each_result_has_its_count_share_and_both_clocks():
    hit = rows("hit", "hit", "hit", "miss")["hit"]

    assert (hit["count"], hit["share"]) == ("3", "75.0 %")
    assert (hit["response_p50_ms"], hit["service_p99_ms"]) == ("2.50", "1.11")


def test_hit_ratios_are_shown_as_headlines():
    shown = rows("hit", "miss", recent_hit_ratio=0.25, predicted_hit_ratio=0.6)

    assert shown["Hit ratio, last 10 s"]["share"] == "25.0 %"
    assert shown["Hit ratio, predicted"]["share"] == "60.0 %"
    assert shown["Hit ratio, whole run"]["share"] == "50.0 %"


def test_an_unknown_figure_is_shown_as_a_dash_and_never_as_zero():
    shown = rows()

    for name in ("Hit ratio, last 10 s", "Hit ratio, predicted", "Stale reads", "Slip"):
        cells = set(shown[name].values()) - {name}
        assert cells == {UNKNOWN}


def test_stale_reads_are_shown_once_reads_are_judged():
    shown = rows("hit", judged_reads=200, stale_reads=5)

    assert (shown["Stale reads"]["count"], shown["Stale reads"]["share"]) == ("5", "2.5 %")


def test_headlines_sort_before_results():
    names = list(rows("hit", "bypass"))

    assert sorted(names)[-2:] == ["bypass", "hit"]


def test_every_row_has_every_column():
    for row in rows("hit").values():
        assert list(row) == [key for key, _ in COLUMNS]

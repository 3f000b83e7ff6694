"""The two tables of the Cache tab: the run, and its lookups by result."""

import dataclasses

import pytest

from loadtests.output.figure_text import UNKNOWN
from loadtests.page.cache_table import COLUMNS, MEANINGS, answer_lines, result_rows, run_lines
from loadtests.page.snapshot import View
from loadtests.sender.samples import RESULTS
from tests.loadtests.page.views import tallies_each_second, tallies_of, view_of


def rows(*words):
    return {row["name"]: row for row in result_rows(View(shown=tallies_of(*words)))}


def lines(view):
    return {line.name: line for line in run_lines(view)}


def test_each_result_has_its_count_share_and_both_clocks():
    hit = rows("hit", "hit", "hit", "miss")["hit"]

    assert (hit["count"], hit["share"]) == ("3", "75.0 %")
    assert (hit["response_p50_ms"], hit["service_p99_ms"]) == ("2.50", "1.11")


def test_results_stand_in_their_order_and_all_lookups_below_them():
    assert list(rows("bypass", "miss", "hit")) == ["hit", "miss", "bypass", "all lookups"]
    assert rows("bypass", "miss", "hit")["all lookups"]["count"] == "3"


def test_without_lookups_there_are_no_rows():
    assert rows() == {}


def test_every_row_has_every_column_and_every_result_a_meaning():
    for row in rows("hit").values():
        assert list(row) == [key for key, _ in COLUMNS]
    assert set(MEANINGS) == set(RESULTS)


def test_hit_ratios_are_lines_about_the_run():
    view = view_of(tallies_of("hit", "miss"), 1.0, (0.0, 0))
    shown = lines(View(**{**vars(view), "recent_hit_ratio": 0.25, "predicted_hit_ratio": 0.6}))

    assert shown["Hit ratio, last 10 s"].value == "25.0 %"
    assert shown["Hit ratio, predicted"].value == "60.0 %"
    assert shown["Hit ratio, whole run"].value == "50.0 %"


def test_near_share_stands_beside_its_prediction_where_there_is_a_near_tier():
    shown = lines(View(tallies=tallies_of("hit", "near"), predicted_near_ratio=0.45))

    assert shown["Near share"].value == "50.0 %"
    assert shown["Near share"].note.endswith("; predicted 45.0 %")
    assert lines(View(predicted_near_ratio=0.45))["Near share"].value == (
        "no lookups of the cache yet"
    )
    assert "Near share" not in lines(View(tallies=tallies_of("hit")))


@pytest.mark.parametrize(
    "view",
    [
        View(),
        View(shown=tallies_of("hit", judged_reads=1)),
        View(shown=tallies_of("dropped", service=float("nan"))),
        view_of(tallies_of("bypass"), 5.0, (0.0, 60.0)),
    ],
    ids=["before a run", "reads", "dropped", "bypass"],
)
def test_no_cell_of_either_table_is_a_dash(view):
    cells = [line.value for line in run_lines(view)]
    cells += [cell for row in result_rows(view) for cell in row.values()]

    assert all(UNKNOWN not in cell for cell in cells)
    assert all(line.value for line in run_lines(view))


def test_what_is_unknown_is_said_in_words():
    shown = lines(View())

    assert shown["Hit ratio, last 10 s"].value == "no lookups of the cache yet"
    assert shown["Hit ratio, predicted"].value == "no formula for these settings"
    assert shown["Store queries"].value == "no answer"


def test_a_cold_run_says_when_it_will_be_warm():
    shown = lines(view_of(tallies_each_second([0.5], [1.5]), 4.0, (0.0, 10.0)))

    assert shown["Hit ratio, warm"].value == "cold: warm in 11 s"
    assert shown["Hit ratio, warm"].note == "begun with an empty cache"


def test_after_a_change_each_part_has_its_line_beside_its_own_prediction():
    tallies = tallies_each_second([4, 5, 6, 24, 25], [7, 26, 27])

    shown = lines(view_of(tallies, 30.0, (0.0, 2.0), (20.0, 1.0)))

    before, after = shown["Hit ratio, warm, 0 to 20 s"], shown["Hit ratio, warm since 20 s"]
    assert before.value == "75.0 %"
    assert before.note == "from 3 s on; begun with an empty cache; predicted 66.7 %"
    assert after.value == "50.0 %"
    assert after.note == "from 22 s on; ttl_seconds 2 → 1"


def test_a_run_that_ended_cold_says_so():
    view = view_of(tallies_each_second([0.5], [1.5]), 4.0, (0.0, 10.0))

    shown = lines(dataclasses.replace(view, has_ended=True))

    assert shown["Hit ratio, warm"].value == "cold: it ended before the cache was warm"


def test_a_part_that_ended_cold_says_so():
    shown = lines(view_of(tallies_each_second([1], [2]), 9.0, (0.0, 10.0), (4.0, 1.0)))

    assert shown["Hit ratio, warm, 0 to 4 s"].value == "cold: it ended before the cache was warm"
    assert shown["Hit ratio, warm since 4 s"].value == "cold: warm in 5 s"


def test_a_cache_that_was_kept_is_called_so():
    shown = lines(view_of(tallies_of("hit"), 1.0, (0.0, 10.0), began_empty=False))

    assert shown["Hit ratio, warm"].note == "begun with the cache as it was"


def test_stale_reads_are_shown_once_reads_are_judged():
    assert "Stale reads" not in lines(View(shown=tallies_of("hit")))

    stale = lines(View(shown=tallies_of("hit", judged_reads=200, stale_reads=5)))["Stale reads"]

    assert stale.value == "2.5 %"
    assert stale.note == "5 of 200 reads were older than a write"


def test_writes_and_lost_requests_are_shown_once_there_are_any():
    quiet = lines(View(shown=tallies_of("hit")))
    assert not {"Writes acknowledged", "Requests without an answer"} & quiet.keys()

    tallies = tallies_of("failed", "dropped", "dropped", writes=7, failed_writes=1)
    shown = lines(View(tallies=tallies, shown=tallies))

    assert shown["Writes acknowledged"].value == "7"
    assert shown["Writes failed or dropped"].value == "1"
    assert shown["Requests without an answer"].value == "2 failed, 2 dropped"


@pytest.mark.parametrize(
    ("words", "ratio"),
    [
        (("hit", "hit", "hit", "miss"), "75.0 %"),
        (("unknown", "unknown"), "unknown: the answers do not say whether they came from a cache"),
        ((), "no lookups of the cache yet"),
    ],
)
def test_of_a_service_of_which_nothing_else_is_known_only_what_answers_tell_is_shown(words, ratio):
    tallies = tallies_of(*words)

    shown = {line.name: line.value for line in answer_lines(View(tallies=tallies, shown=tallies))}

    assert shown["Hit ratio, whole run"] == ratio
    assert not {"Hit ratio, predicted", "Store queries"} & shown.keys()

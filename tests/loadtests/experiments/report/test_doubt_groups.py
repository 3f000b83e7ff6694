"""Equal doubts in one line."""

from loadtests.experiments.figures.doubt import Doubt
from loadtests.experiments.report.doubt_groups import group_doubts, trials_text


def doubt(text, kind="late-starts", scope="latency"):
    return Doubt(kind, text, "wait", scope)


def test_doubts_that_differ_in_numbers_alone_are_one_with_their_range():
    found = group_doubts(
        [
            ("a", doubt("1 % started 12 ms late")),
            ("b", doubt("1 % started 9.5 ms late")),
            ("c", doubt("1 % started 140 ms late")),
        ]
    )

    assert [group.subjects for group in found] == [["a", "b", "c"]]
    assert found[0].doubt == doubt("1 % started 9.5–140 ms late")  # noqa: RUF001 - a range


def test_doubts_of_other_words_kinds_or_scopes_stay_apart_in_their_order():
    found = group_doubts(
        [
            ("a", doubt("late")),
            ("b", doubt("too late")),
            ("c", doubt("late", kind="other")),
            ("d", doubt("late", scope="trial")),
            ("e", doubt("late")),
        ]
    )

    assert [group.subjects for group in found] == [["a", "e"], ["b"], ["c"], ["d"]]


def test_doubted_trials_are_named_in_few_words(results):
    first, second, third = results.trials

    assert trials_text([first], 3) == "TTL 1 s, trial 2"
    assert trials_text([first, second], 3) == "TTL 1, 2 s, trials 2, 3"
    assert trials_text([first, second, third], 3) == "all 3 trials"
    assert trials_text([first], 1) == "TTL 1 s, trial 2"

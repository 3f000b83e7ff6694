"""The number of users that the start form needs, and the weights of its scenarios."""

import pytest
from locust import User

from loadtests.page.start_form import check_user_class, check_users, fewest_users, require_editable
from loadtests.workload.flags import FlagError
from tests.loadtests.settings_for import options


def classes(**weights):
    return [type(name, (User,), {"weight": weight}) for name, weight in weights.items()]


def test_the_fewest_users_give_each_scenario_at_least_one():
    assert fewest_users(classes(HotKey=1, ReadHeavy=1)) == 2
    assert fewest_users(classes(HotKey=5, ReadHeavy=1)) == 3


def test_too_few_users_are_refused():
    with pytest.raises(
        FlagError, match=r"at least 2, so that each scenario chosen has one, got '1'; choose fewer"
    ):
        check_users({"user_count": "1"}, classes(HotKey=1, ReadHeavy=1))


def test_enough_users_are_accepted():
    assert check_users({"user_count": "7"}, classes(HotKey=5, ReadHeavy=1)) == 7


def test_a_scenario_of_weight_zero_is_refused_by_name():
    with pytest.raises(FlagError, match=r"weight of HotKey must be above 0, got '0'; raise it"):
        check_users({"user_count": "9"}, classes(HotKey=0, ReadHeavy=1))


def test_a_scenario_with_a_fixed_number_of_users_needs_no_weight():
    fixed = type("HotKey", (User,), {"weight": 0, "fixed_count": 2})

    assert fewest_users([fixed, *classes(ReadHeavy=1)]) == 3


def refused(form):
    """Return why a run of ReadHeavy cannot change to this form; None if it can."""
    try:
        require_editable(form, options(scenario="ReadHeavy"))
    except FlagError as error:
        return str(error)
    return None


@pytest.mark.parametrize("form", [{"rate": "7"}, {"skew": "0.5"}, {"ttl_seconds": "3"}])
def test_rate_skew_and_knobs_may_change_during_a_run(form):
    assert refused(form) is None


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"items": "7"}, "items cannot change during a run, got '7'; stop the run and start"),
        ({"cache_at_start": "kept"}, "cache-at-start cannot change during a run, got 'kept'"),
        ({"scenario": "HotKey"}, "scenario cannot change during a run, got 'HotKey'"),
        ({"rate": "-1"}, "rate must be a number from 0.01"),
    ],
)
def test_what_cannot_change_during_a_run_is_refused_by_name(form, sentence):
    with pytest.raises(FlagError, match=sentence):
        require_editable(form, options(scenario="ReadHeavy"))


def test_fields_that_stay_as_they_are_change_nothing():
    form = {"items": "1000", "rate": "100", "trace": "", "scenario": "ReadHeavy", "user_count": "9"}

    assert refused(form) is None


def test_the_skew_of_a_preset_is_refused():
    with pytest.raises(FlagError, match="skew is that of preset twitter-cluster1, got '2'"):
        require_editable({"skew": "2"}, options(scenario="x", preset="twitter-cluster1"))


SENT_BY_THE_PAGE = {
    "user_class_name": "HotKey",
    "host": None,
    "weight": 3,
    "fixed_count": 0,
    "tasks": ["carry_stream"],
}


def refusal_of(settings):
    """Return why that is not set on a User class; None if it is."""
    try:
        check_user_class(settings, {"HotKey": User})
    except FlagError as error:
        return str(error)
    return None


def test_a_user_class_is_set_to_what_the_page_sends():
    assert refusal_of(SENT_BY_THE_PAGE) is None


@pytest.mark.parametrize(
    "changed",
    [
        *({"on_start": 5}, {"scenario": "x"}, {"abstract": True}, {"__doc__": "x"}),
        *({"weight": "3"}, {"weight": -1}, {"weight": float("nan")}, {"weight": True}),
        *({"fixed_count": 0.5}, {"fixed_count": 10**9}, {"tasks": []}, {"tasks": "x"}),
        *({"host": 5}, {"user_class_name": "Nobody"}, {"user_class_name": ["HotKey"]}),
    ],
    ids=str,
)
def test_nothing_else_is_set_on_a_user_class(changed):
    (key,) = changed

    assert key in refusal_of(SENT_BY_THE_PAGE | changed)


@pytest.mark.parametrize("settings", [None, [], "HotKey", {}])
def test_settings_of_no_user_class_are_refused(settings):
    assert "user_class_name must be one of HotKey, got None" in refusal_of(settings)


@pytest.mark.parametrize("text", ["9" * 400 + "h", "9" * 5000, "367d", "-5", "soon"])
def test_a_run_time_that_no_timer_can_keep_is_refused(text):
    with pytest.raises(FlagError, match="run-time must be a time such as 30, 20s, 3m or 1h30m"):
        check_users({"user_count": "1", "run_time": text}, classes(ReadHeavy=1))

"""The number of users that the start form needs, and the weights of its scenarios."""

import pytest
from locust import User

from loadtests.page.start_form import check_users, fewest_users
from loadtests.workload.flags import FlagError


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

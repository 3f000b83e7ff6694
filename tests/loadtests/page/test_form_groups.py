"""The fields of the start form: in groups, common ones first, each with its explanation."""

import argparse

from loadtests.page.form_groups import GROUPS, HELP, form_guide, form_options
from loadtests.workload.flags import LOAD_FLAGS
from loadtests.workload.knob_flags import KNOB_FLAGS

IN_FORM = ["scenario", *(flag.key for flag in (*LOAD_FLAGS, *KNOB_FLAGS) if flag.in_form)]
GROUPED = [key for keys in GROUPS.values() for key in keys]


def test_each_field_is_in_exactly_one_group_and_has_an_explanation():
    assert sorted(GROUPED) == sorted(IN_FORM)
    assert set(IN_FORM) <= set(HELP)


def test_the_common_ten_come_first():
    assert next(iter(GROUPS)) == "Common"
    assert len(GROUPS["Common"]) == 10
    assert {"scenario", "rate", "items", "skew", "ttl_seconds"} <= set(GROUPS["Common"])


def test_users_are_explained_as_streams_that_share_the_rate():
    assert HELP["user_count"].startswith("How many arrival streams share the rate")


def test_fields_show_in_the_order_of_the_groups_what_the_last_start_chose():
    offered = {key: {"default_value": "at start", "help_text": "x"} for key in sorted(GROUPED)}
    chosen = argparse.Namespace(**dict.fromkeys(GROUPED, "chosen"), page_extra=None)

    options = form_options(offered, chosen)

    assert list(options) == GROUPED
    assert options["rate"] == {"default_value": "chosen", "help_text": None}


def test_a_field_that_is_in_no_group_comes_last():
    offered = {key: {} for key in ("a_field_of_yours", "rate")}

    options = form_options(offered, argparse.Namespace(rate=1, a_field_of_yours=2))

    assert list(options) == ["rate", "a_field_of_yours"]


def test_the_page_knows_what_an_edit_may_change():
    editable = set(form_guide()["editable"])

    assert {"rate", "skew", "ttl_seconds", "protection"} <= editable
    assert not {"items", "seed", "scenario", "trace", "requests"} & editable

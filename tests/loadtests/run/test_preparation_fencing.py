"""Whether a run was fenced, which the setting at its end does not decide alone."""

import pytest
from locust.env import Environment

from loadtests.run.preparation import Preparation
from tests.loadtests.settings_for import options

ON, OFF = {"fencing": "on"}, {"fencing": "off"}


@pytest.mark.parametrize(
    ("knobs", "fenced"),
    [([ON, ON], True), ([OFF, ON], False), ([ON, OFF, ON], False), ([], False)],
    ids=["on", "off at first", "off for a while", "unknown"],
)
def test_a_run_is_fenced_only_if_fencing_was_on_all_the_time(knobs, fenced):
    outcomes = []
    preparation = Preparation(Environment(parsed_options=options()), None, outcomes.append)
    for before in knobs[:1]:
        preparation.learn(before)
    preparation.open()
    for after in knobs[1:]:
        preparation.learn(after)

    preparation.conclude(tallies=None)

    assert outcomes[0].fenced == fenced

"""Hot fruit, each written continuously by one writer and read by many on two processes."""

import pytest

from tests.drills.counts import Counts, results
from tests.drills.drill_report import print_figure
from tests.drills.knob_control import set_knobs
from tests.races.hammer import hammer

pytestmark = pytest.mark.integration

IDS = range(11, 17)
LENGTHS = [pytest.param(25, id="short"), pytest.param(1000, id="full", marks=pytest.mark.accept)]
CALM = {"store_delay_seconds": 0.01}
EAGER = CALM | {"ttl_seconds": 0.1, "early_beta": 10}


@pytest.mark.parametrize("protection", ["none", "single-flight", "lease", "early", "stale"])
@pytest.mark.parametrize("writes", LENGTHS)
def test_no_read_returns_a_version_older_than_an_acknowledged_write(
    drill_stack, protection, writes
):
    urls = drill_stack.service_urls
    set_knobs(urls, **EAGER if protection in {"early", "stale"} else CALM, protection=protection)
    counts = Counts(urls)

    hammered = hammer(urls, IDS, writes)

    found = results(hammered.lookups)
    print_figure(
        f"{protection}: {hammered.stale} stale of {hammered.reads} reads beside "
        f"{hammered.writes} writes ({hammered.pending} pending); {dict(found)}, "
        f"fills {dict(counts.fills())}"
    )
    assert hammered.stale == 0
    assert hammered.impossible == 0
    assert counts.fills()["fenced"] > 0
    assert counts.lookups() == found

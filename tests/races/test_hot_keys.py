"""Hot fruit written without end by one writer each, read by many on two processes."""

import pytest

from tests.drills.counts import Counts, results
from tests.drills.drill_report import say
from tests.drills.knob_control import turn
from tests.races.hammer import hammer

pytestmark = pytest.mark.integration

IDS = range(11, 17)
LENGTHS = [pytest.param(25, id="short"), pytest.param(1000, id="full", marks=pytest.mark.accept)]
CALM = {"store_delay_seconds": 0.01}
EAGER = CALM | {"ttl_seconds": 0.1, "early_beta": 10}


@pytest.mark.parametrize("protection", ["none", "single-flight", "lease", "early", "stale"])
@pytest.mark.parametrize("writes", LENGTHS)
def test_what_is_read_never_goes_back_behind_an_acknowledged_write(drilled, protection, writes):
    urls = drilled.service_urls
    turn(urls, **EAGER if protection in {"early", "stale"} else CALM, protection=protection)
    counts = Counts(urls)

    hammered = hammer(urls, IDS, writes)

    found = results(hammered.lookups)
    say(
        f"{protection}: {hammered.stale} stale of {hammered.reads} reads beside "
        f"{hammered.writes} writes ({hammered.pending} pending); {dict(found)}, "
        f"fills {dict(counts.fills())}"
    )
    assert hammered.stale == 0
    assert hammered.impossible == 0
    assert counts.fills()["fenced"] > 0
    assert counts.lookups() == found

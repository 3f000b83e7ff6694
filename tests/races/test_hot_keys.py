"""Hot fruit, each written continuously by one writer and read by many on two processes."""

from collections import Counter

import pytest

from tests.drills.counts import Counts, results
from tests.drills.drill_report import print_figure
from tests.drills.knob_control import set_knobs
from tests.races.hammer import hammer

pytestmark = pytest.mark.integration

IDS = range(11, 17)
LENGTHS = [
    pytest.param(25, 0, id="short"),
    pytest.param(1000, 200_000, id="full", marks=pytest.mark.accept),
]
CALM = {"store_delay_seconds": 0.01}
EAGER = CALM | {"ttl_seconds": 0.1, "early_beta": 10}


@pytest.fixture(scope="module")
def totals():
    """Adds up what all protections were asked, and prints it at the end."""
    counted = Counter()
    yield counted
    print_figure("delete and fencing: {stale} stale of {reads:,} reads".format_map(counted))


@pytest.mark.parametrize("protection", ["none", "single-flight", "lease", "early", "stale"])
@pytest.mark.parametrize(("writes", "reads"), LENGTHS)
def test_no_read_returns_a_version_older_than_an_acknowledged_write(
    drill_stack, totals, protection, writes, reads
):
    urls = drill_stack.service_urls
    set_knobs(urls, **EAGER if protection in {"early", "stale"} else CALM, protection=protection)
    counts = Counts(urls)

    hammered = hammer(urls, IDS, writes, reads)
    totals.update(reads=hammered.reads, stale=hammered.stale)

    found = results(hammered.lookups)
    print_figure(
        f"{protection}: {hammered.stale} stale of {hammered.reads} reads beside "
        f"{hammered.writes} writes ({hammered.pending} pending); {dict(found)}, "
        f"fills {dict(counts.fills())}"
    )
    assert hammered.reads >= reads
    assert hammered.stale == 0
    assert hammered.impossible == 0
    assert counts.fills()["fenced"] > 0
    assert counts.lookups() == found

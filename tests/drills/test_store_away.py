"""The database killed and frozen under load: hits continue, misses are refused at once."""

import itertools
import time

import pytest

from tests.drills.counts import Counts, results
from tests.drills.drill_report import print_figure
from tests.drills.knob_control import set_knobs
from tests.drills.outages import FAILURES, cause_outage, compare
from tests.drills.steady_load import SteadyLoad, quantile_ms

pytestmark = [pytest.mark.integration, pytest.mark.exclusive]

WARM = 200
LENGTHS = [pytest.param(1, id="once"), pytest.param(10, id="ten-times", marks=pytest.mark.accept)]


@pytest.fixture(scope="module")
def cold():
    """Ids that were not looked up yet."""
    return itertools.count(WARM + 1)


def warm_up(urls):
    with SteadyLoad(urls, itertools.cycle(range(1, WARM + 1))) as load:
        time.sleep(2 * WARM / 300)
    return load.answers


def one_cold_in_ten(cold):
    for fruit_id in itertools.cycle(range(1, WARM + 1)):
        yield next(cold) if fruit_id % 10 == 0 else fruit_id


def first_load(load, since):
    """Return when the first successful load started after this time ended; None without one."""
    ends = [a.ended for a in list(load.answers) if a.intended > since and a.result == "miss"]
    return min(ends, default=None)


def wait_for_load(load, since):
    while first_load(load, since) is None and time.monotonic() < since + 5:
        time.sleep(0.1)


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.word)
@pytest.mark.parametrize("times", LENGTHS)
def test_hits_continue_and_misses_are_refused_at_once_when_the_store_fails(
    drill_stack, cold, failure, times
):
    urls, outages = drill_stack.service_urls, []
    set_knobs(urls, ttl_seconds=600)
    counts = Counts(urls)
    warming = warm_up(urls)
    with SteadyLoad(urls, one_cold_in_ten(cold)) as load:
        for _ in range(times):
            outages.append(cause_outage(drill_stack.database, failure))
            wait_for_load(load, outages[-1].healed)
        time.sleep(0.5)

    known = {f"/fruit/{fruit_id}" for fruit_id in range(1, WARM + 1)}
    warm = [a for a in load.answers if a.path in known]
    refused = [a for a in load.answers if a.status == 503]
    back = [first_load(load, one.healed) - one.healed for one in outages]
    compared = compare(outages, warm)
    print_figure(
        f"store, {failure.word}, {times} times, warm ids: {compared}; {len(refused)} refusals, "
        f"the slowest {quantile_ms(refused, 1):.0f} ms; loads again {max(back):.2f} s after the "
        f"store answered; {dict(results(load.answers))}"
    )
    assert {a.status for a in load.answers} == {200, 503}
    assert {a.headers.get("retry-after") for a in refused} == {"1"}
    assert max(back) < 5
    assert counts.lookups() == results([*warming, *load.answers])
    with compared.judged_on_idle_machine():
        assert {a.status for a in warm} == {200}
        assert quantile_ms(refused, 1) <= 1000
        # With one outage the percentile rests on six lookups, so it is judged only over ten.
        assert times == 1 or compared.is_small, compared


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.word)
def test_stale_entries_are_served_while_the_store_is_down(drill_stack, failure):
    urls = drill_stack.service_urls
    set_knobs(urls, protection="stale", ttl_seconds=0.8, stale_seconds=60)
    counts = Counts(urls)
    with SteadyLoad(urls, itertools.cycle(range(1, 101))) as load:
        down = cause_outage(drill_stack.database, failure, before_seconds=0.5)
        time.sleep(1.5)

    # Each id is looked up three times a second, so 1.2 s after the failure every entry is past
    # its soft TTL. The window ends at 2 s, before the store is restored; `healed` comes later.
    during = load.between(down.struck + 1.2, down.struck + 2)
    print_figure(
        f"stale, store {failure.word}: {dict(results(during))} from 1.2 s after the failure on"
    )
    assert {a.status for a in load.answers} == {200}
    assert results(during) == {"stale": len(during)}
    assert results(load.between(down.healed + 1, down.healed + 2))["hit"] > 0
    assert counts.lookups() == results(load.answers)

"""The replay of a run beside the run itself: as far as the run has come, through its changes."""

import pytest
from locust.env import Environment

from loadtests.page.hit_ratio.hit_ratio_chart import hit_ratio_chart
from loadtests.page.hit_ratio.hit_ratio_series import series_of
from loadtests.page.hit_ratio.live_replay import LAG_SECONDS, LiveReplay
from loadtests.replay.run_replay import InForce, replay_run
from loadtests.run import ledger as ledger_module
from loadtests.run.ledger import Ledger
from loadtests.run.load_user import LoadUser
from loadtests.workload.scenario import Scenario, Workload
from tests.loadtests.page.views import tallies_each_second, view_of
from tests.loadtests.settings_for import options, settings

TTL_2, TTL_1 = {"ttl_seconds": 2.0}, {"ttl_seconds": 1.0}
GIVEN = {"rate": 50.0, "items": 20}
USERS = {"local": {"ReadHeavy": 1}}


class Clock:
    """Stands for the clock of the ledger."""

    now = 1000.0

    def time(self):
        return self.now

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(ledger_module, "time", clock)
    return clock


READS = Scenario()


def begin(scenario=READS, **given):
    """Return the ledger of a run that has just begun, and its live replay."""
    users = type("ReadHeavy", (LoadUser,), {"scenario": scenario})
    environment = Environment(parsed_options=options(**GIVEN | given), user_classes=[users])
    ledger = Ledger(environment, None, lambda _outcome: None)
    ledger.began_empty = True
    ledger.note_knobs(TTL_2)
    ledger.open()
    ledger.next_epoch(USERS, lead_seconds=0.0)
    return ledger, LiveReplay(environment, ledger)


def whole(seconds, **given):
    """Return the replay of a run that nobody changed."""
    workload = Workload(settings(**GIVEN | given), None)
    return replay_run(
        workload, {"ReadHeavy": Scenario()}, {"ReadHeavy": 1}, InForce(TTL_2, 0.0), seconds
    )


def test_the_replay_follows_the_run_a_little_behind(clock):
    _, replay = begin()

    for elapsed in (1.0, 5.0, 9.0, 13.0):
        clock.now = 1000.0 + elapsed
        so_far = replay.update()

    assert so_far.seconds == 13.0 - LAG_SECONDS
    assert so_far.per_second() == whole(10.0).per_second()


def test_before_the_first_run_there_is_no_replay():
    ledger = Ledger(Environment(parsed_options=options()), None, lambda _outcome: None)

    assert LiveReplay(Environment(parsed_options=options()), ledger).update() is None


@pytest.mark.parametrize(
    ("scenario", "given"), [(Scenario(closed_loop=True), {}), (Scenario(), {"rate": 6000.0})]
)
def test_a_closed_loop_and_a_very_fast_run_are_not_replayed(clock, scenario, given):
    _, replay = begin(scenario, **given)
    clock.now += 9.0

    assert replay.update() is None


def test_a_change_of_knobs_counts_from_its_time_on(clock):
    ledger, replay = begin()
    clock.now = 1010.0
    replay.update()
    ledger.note_knobs(TTL_1)
    clock.now = 1033.0
    changed = replay.update()
    unchanged = whole(30.0)

    assert changed.per_second()[:10] == unchanged.per_second()[:10]
    assert changed.hit_ratio(15, 30) < unchanged.hit_ratio(15, 30) - 0.05


def test_a_change_of_the_load_counts_from_its_epoch_on(clock):
    ledger, replay = begin()
    clock.now = 1010.0
    replay.update()
    ledger.change_load({"rate": 100.0})
    ledger.next_epoch(USERS, lead_seconds=0.0)
    clock.now = 1033.0
    lookups = [sum(counts.values()) for counts in replay.update().per_second()]

    assert sum(lookups[:10]) == pytest.approx(10 * 50, rel=0.15)
    assert sum(lookups[10:30]) == pytest.approx(20 * 100, rel=0.1)


def test_a_second_run_is_replayed_anew(clock):
    ledger, replay = begin()
    clock.now = 1020.0
    replay.update()
    ledger.started_at = None
    ledger.open()
    ledger.next_epoch(USERS, lead_seconds=0.0)
    clock.now = 1020.0 + LAG_SECONDS + 2.0

    assert replay.update().seconds == 2.0


def test_the_replay_is_drawn_beside_the_measured_hit_ratio():
    view = view_of(tallies_each_second([1], [0]), 3.0, (0.0, 2.0), replay=whole(3.0))

    series = series_of(view)

    assert [at for at, _ in series.replay] == [0.5, 1.5, 2.5]
    assert all(0 <= ratio <= 1 for _, ratio in series.replay)
    assert 'class="replay"' in hit_ratio_chart(series)

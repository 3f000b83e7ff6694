"""The replay of a run beside the run itself: as far as the run has come, through its changes."""

from dataclasses import replace

import pytest
from locust.env import Environment

from loadtests.page.hit_ratio.hit_ratio_chart import hit_ratio_chart
from loadtests.page.hit_ratio.hit_ratio_series import series_of
from loadtests.replay.arrival_sequence import ArrivalSequence
from loadtests.replay.run_replay import InForce, replay_run
from loadtests.run import ledger as ledger_module
from loadtests.run.closing import closing_lines
from loadtests.run.ledger import Ledger
from loadtests.run.live_replay import LAG_SECONDS
from loadtests.run.load_user import LoadUser
from loadtests.run.outcome import summarise
from loadtests.sender.tallies import Tallies
from loadtests.workload.scenario import Scenario, Workload
from tests.loadtests.page.views import tallies_each_second, view_of
from tests.loadtests.replay.unfolded_replay import UnfoldedReplay
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


def begin(scenario=READS, outcomes=None, **given):
    """Return the ledger of a run that has just begun, and its live replay."""
    outcomes = [] if outcomes is None else outcomes
    users = type("ReadHeavy", (LoadUser,), {"scenario": scenario})
    environment = Environment(parsed_options=options(**GIVEN | given), user_classes=[users])
    ledger = Ledger(environment, None, outcomes.append)
    ledger.began_empty = True
    ledger.note_knobs(TTL_2)
    ledger.open()
    ledger.next_epoch(USERS, lead_seconds=0.0)
    return ledger, ledger.replay


def whole(seconds, **given):
    """Return the replay of a run that nobody changed."""
    workload = Workload(settings(**GIVEN | given), None)
    return replay_run(
        workload, {"ReadHeavy": Scenario()}, {"ReadHeavy": 1}, InForce(TTL_2, 0.0), seconds
    )


def each_second(replay):
    """Return the lookups of each whole second of a replay, by result."""
    return [replay.from_empty.counts(second, second + 1) for second in range(int(replay.seconds))]


def test_the_replay_follows_the_run_a_little_behind(clock):
    _, replay = begin()

    for elapsed in (1.0, 5.0, 9.0, 13.0):
        clock.now = 1000.0 + elapsed
        so_far = replay.update()

    assert so_far.seconds == 13.0 - LAG_SECONDS
    assert each_second(so_far) == each_second(whole(10.0))


def test_before_the_first_run_there_is_no_replay():
    ledger = Ledger(Environment(parsed_options=options()), None, lambda _outcome: None)

    assert ledger.replay.update() is None


@pytest.mark.parametrize(
    ("scenario", "given"), [(Scenario(closed_loop=True), {}), (Scenario(), {"rate": 6000.0})]
)
def test_a_closed_loop_and_a_very_fast_run_are_not_replayed(clock, scenario, given):
    _, replay = begin(scenario, **given)
    clock.now += 9.0

    assert replay.update() is None


def test_scenarios_without_users_do_not_matter(clock):
    ledger, replay = begin()
    closed = type("ClosedLoop", (LoadUser,), {"scenario": Scenario(closed_loop=True)})
    ledger._environment.user_classes.append(closed)
    ledger.epochs[0] = replace(ledger.epochs[0], users={"a": {"ReadHeavy": 1, "ClosedLoop": 0}})
    clock.now += 9.0

    assert each_second(replay.update()) == each_second(whole(6.0))


def test_a_change_of_knobs_counts_from_its_time_on(clock):
    ledger, replay = begin()
    clock.now = 1010.0
    replay.update()
    ledger.note_knobs(TTL_1)
    clock.now = 1033.0
    changed = replay.update()
    unchanged = whole(30.0)

    assert each_second(changed)[:10] == each_second(unchanged)[:10]
    assert changed.hit_ratio(15, 30) < unchanged.hit_ratio(15, 30) - 0.05


def test_a_change_of_the_load_counts_from_its_epoch_on(clock):
    ledger, replay = begin()
    clock.now = 1010.0
    replay.update()
    ledger.change_load({"rate": 100.0})
    ledger.next_epoch(USERS, lead_seconds=0.0)
    clock.now = 1033.0
    lookups = [sum(counts.values()) for counts in each_second(replay.update())]

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


def test_a_run_that_nobody_looks_at_ends_with_the_replay_of_its_warm_time(clock):
    outcomes = []
    ledger, _ = begin(outcomes=outcomes)
    clock.now = 1030.0

    ledger.conclude(Tallies(arrivals=1500))

    (figures,) = outcomes[0].parts
    assert figures.part.warm_from == 3.0
    assert figures.replayed_hit_ratio == whole(30.0).hit_ratio(3.0, 30.0)
    assert f"replay {figures.replayed_hit_ratio:.1%}".replace("%", " %") in " ".join(
        closing_lines(outcomes[0])
    )


def test_a_run_that_ends_cold_is_beside_the_replay_of_all_of_it(clock):
    outcomes = []
    ledger, _ = begin(outcomes=outcomes)
    clock.now = 1002.5

    ledger.conclude(Tallies(arrivals=125))

    (figures,) = outcomes[0].parts
    assert figures.is_cold
    assert figures.replayed_hit_ratio == whole(2.5).hit_ratio(0.0, 2.5)


def test_each_part_of_a_run_has_its_own_replay(clock):
    outcomes = []
    ledger, _ = begin(outcomes=outcomes)
    clock.now = 1030.0
    ledger.note_knobs({"ttl_seconds": 0.5})
    clock.now = 1060.0

    ledger.conclude(Tallies(arrivals=3000))

    before, after = (figures.replayed_hit_ratio for figures in outcomes[0].parts)
    assert before > after + 0.1
    assert [part["replayed_hit_ratio"] for part in summarise(outcomes[0])["parts"]] == [
        before,
        after,
    ]


def changed_run(clock):
    """Return the parts and epochs of a watched run that changes between whole seconds."""
    outcomes = []
    ledger, replay = begin(outcomes=outcomes)
    changes = {204: {"ttl_seconds": 0.7}, 208: {"ttl_seconds": 0.9}, 555: {"ttl_seconds": 3.3}}
    for tenth in range(901):
        clock.now = 1000.0 + tenth / 10
        if tenth in changes:  # The first two are one edit.
            ledger.note_knobs(changes[tenth])
        if tenth == 555:
            ledger.change_load({"rate": 80.0})
            ledger.next_epoch(USERS, lead_seconds=0.5)
        if tenth % 10 == 3:
            replay.update()
    ledger.conclude(Tallies(arrivals=4500))
    return outcomes[0].parts, ledger.epochs


def test_parts_of_a_watched_run_have_the_figures_of_all_its_answers(clock):
    watched, epochs = changed_run(clock)

    arrivals = ArrivalSequence(Workload(settings(**GIVEN), None), {"ReadHeavy": READS}, epochs[0])
    reference = UnfoldedReplay(arrivals, InForce(TTL_2, 0.0), "cold")
    for each in watched[1:]:
        reference.change(each.part.begins, InForce(each.part.knobs, 0.0))
    reference.begin(epochs[1])
    reference.advance(90.0)
    (run,) = reference.runs(90.0)
    figures = [each.replayed_hit_ratio for each in watched]
    assert [each.part.begins for each in watched] == pytest.approx([0.0, 20.4, 55.5])
    assert figures == [run.hit_ratio(each.part.warm_from, each.ends) for each in watched]


@pytest.mark.parametrize(("seconds", "is_known"), [(2.5, False), (120.0, True)])
def test_a_run_on_a_cache_that_was_kept_has_a_replay_once_that_is_forgotten(
    clock, seconds, is_known
):
    outcomes = []
    ledger, _ = begin(outcomes=outcomes)
    ledger.began_empty = False
    clock.now += seconds

    ledger.conclude(Tallies(arrivals=100))

    replayed = outcomes[0].parts[0].replayed_hit_ratio
    expected = pytest.approx(whole(120.0).hit_ratio(3, 120), abs=1e-3) if is_known else None
    assert replayed == expected


def test_the_replay_is_drawn_beside_the_measured_hit_ratio():
    view = view_of(tallies_each_second([1], [0]), 3.0, (0.0, 2.0), replay=whole(3.0))

    series = series_of(view)

    assert [at for at, _ in series.replay] == [0.5, 1.5, 2.5]
    assert all(0 <= ratio <= 1 for _, ratio in series.replay)
    assert 'class="replay"' in hit_ratio_chart(series)

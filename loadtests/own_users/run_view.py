"""Shows a run of one's own users: on Locust's page, in its HTML report, and as a closing line."""

from typing import Protocol

import gevent
from locust.env import Environment
from locust.event import Events
from locust.web import WebUI

from loadtests.output.figure_text import UNKNOWN_WORD, milliseconds_text, percent_text
from loadtests.page.access.page_guard import guard_page
from loadtests.page.cache_table import answer_lines
from loadtests.page.exporter import Exposition, LoadCollector
from loadtests.page.hit_ratio.recent_hit_ratio import RecentHitRatio
from loadtests.page.html_report import add_to_html_report
from loadtests.page.run_pages import RunPages
from loadtests.page.snapshot import View
from loadtests.run.run_parts import Part, PartFigures, Sent
from loadtests.run.run_watch import repeat_forever
from loadtests.run.typed_locust import listen, parsed_options
from loadtests.sender.tallies import Tallies, add_up

UPDATE_SECONDS = 1.0


class CountedRun(Protocol):
    """A run that is counted, by its only process or by the master of its workers."""

    def tallies(self) -> Tallies:
        """Return what was counted in the present or last run."""

    def target_rate(self) -> float:
        """Return how many lookups a second are to be sent."""

    def target_arrivals(self) -> float:
        """Return how many lookups were to be sent since the run began."""

    def seconds(self) -> float:
        """Return how long ago the run began."""

    def workers(self) -> int:
        """Return the number of worker processes; 0 in a single process."""


class RunView:
    """Keeps a fresh view of a run.

    Args:
        run: Counts it.
        events: Locust's.
    """

    def __init__(self, run: CountedRun, events: Events) -> None:
        self._run = run
        self._recent = RecentHitRatio()
        self._reset = Tallies()
        self._ends = 0.0
        self.view = View()
        listen(events.test_start, self._on_test_start)
        listen(events.reset_stats, self._on_reset_stats)
        gevent.spawn(repeat_forever, UPDATE_SECONDS, self.update)

    def update(self) -> None:
        """Look at the run again."""
        tallies, rate = self._run.tallies(), self._run.target_rate()
        if rate or tallies.in_flight:
            self._ends = self._run.seconds()
        whole = Part(begins=0.0, warm_from=0.0, knobs={}, sent=Sent())
        ratio = tallies.hit_ratio()
        self.view = View(
            tallies=tallies,
            shown=tallies.since(self._reset),
            parts=(PartFigures(whole, self._ends, ratio, ratio, 0),) if self._ends else (),
            target_rate=rate,
            target_arrivals=self._run.target_arrivals(),
            sent=tallies.arrivals,
            recent_hit_ratio=self._recent.after(tallies.results()),
            workers=self._run.workers(),
        )

    def _on_test_start(self, **_: object) -> None:
        self._reset, self._ends = Tallies(), 0.0

    def _on_reset_stats(self, **_: object) -> None:
        self._reset = add_up([self._run.tallies().to_message()])
        self.update()


def show(run: CountedRun, environment: Environment, web_ui: WebUI | None) -> None:
    """Show a run on Locust's page and in its HTML report, where there is one of them."""
    options = parsed_options(environment)
    if web_ui is None and not options.html_file:
        return
    shown = RunView(run, environment.events)
    add_to_html_report(shown, answer_lines)
    if web_ui is not None:
        collector = LoadCollector(
            lambda: shown.view,
            lambda: environment.runner.user_count if environment.runner else 0,
        )
        exposition = Exposition(collector)
        guard_page(environment, web_ui)
        RunPages(web_ui, options.web_base_path, shown, answer_lines, exposition)


def closing_line(tallies: Tallies) -> str:
    """Return how a run went, in one line."""
    counts = tallies.results()
    ratio = percent_text(tallies.hit_ratio(), UNKNOWN_WORD)
    response = milliseconds_text(tallies.response().quantile(0.99))
    return (
        f"{sum(counts.values())} lookups, hit ratio {ratio},"
        f" response p99 {response} ms, {tallies.dropped} dropped, {tallies.failed} failed"
    )

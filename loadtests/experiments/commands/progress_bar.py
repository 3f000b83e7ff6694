"""Shows the progress of a run and the time left."""

from collections.abc import Callable, Mapping
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from loadtests.experiments.plan.axes import values_text
from loadtests.experiments.plan.trial_order import Trial
from loadtests.experiments.records.records import TrialRecord
from loadtests.output.passing_bar import passing_bar


class ProgressBar:
    """A progress bar over all trials, weighted by their duration; a context manager.

    On a console that is not a terminal it prints a line for each trial that has ended.

    Args:
        console: Where it is shown.
        expected_seconds: Duration of each trial, by its number.
        on_finished: Called with each trial that has been saved.
        subject: Returns what a trial is called; its number and setting if None.
    """

    def __init__(
        self,
        console: Console,
        expected_seconds: Mapping[int, float],
        on_finished: Callable[[TrialRecord], None] = lambda _record: None,
        subject: Callable[[Trial], str] | None = None,
    ) -> None:
        self._console = console
        self._on_finished = on_finished
        self._subject = subject or self._number_and_setting
        self._expected = dict(expected_seconds)
        self._done_seconds = 0.0
        self._bar = passing_bar(
            console,
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("elapsed,"),
            TimeRemainingColumn(),
            TextColumn("left"),
        )
        self._task = self._bar.add_task("starting", total=sum(self._expected.values()))

    def phase(self, trial: Trial, name: str) -> None:
        """Show the phase of a trial."""
        self._bar.update(self._task, description=f"{self._subject(trial)}: {name}")

    def loaded(self, trial: Trial, seconds: float) -> None:
        """Show how many seconds of a trial's traffic have passed."""
        within = min(seconds, self._expected[trial.number])
        self._bar.update(self._task, completed=self._done_seconds + within)

    def finished(self, record: TrialRecord) -> None:
        """Show that a trial has been saved."""
        self._on_finished(record)
        self._done_seconds += self._expected[record.trial.number]
        self._bar.update(self._task, completed=self._done_seconds)
        if not self._console.is_terminal:
            state = f"aborted: {record.aborted}" if record.aborted else "measured"
            self._console.print(f"{self._subject(record.trial)}: {state}")

    def _number_and_setting(self, trial: Trial) -> str:
        return f"trial {trial.number}/{len(self._expected)}, {_setting(trial)}"

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def _setting(trial: Trial) -> str:
    return ", ".join(filter(None, (values_text(trial.values), f"TTL {trial.ttl_seconds:g} s")))

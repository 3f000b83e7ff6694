"""Keeps the record of a run on disk, if one was asked for, without failing the run."""

import logging
from pathlib import Path

from locust.env import Environment

from loadtests.run.outcome import Outcome, summarise
from loadtests.sender.recording import Recording
from loadtests.workload.load_settings import LoadSettings

logger = logging.getLogger(__name__)

EXIT_RECORD = 2
"""Exit code of a run whose record is incomplete."""


class RunRecord:
    """The part of a run's record that is written once for all processes.

    Args:
        environment: Locust's environment, whose exit code tells of an incomplete record.
    """

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._recording: Recording | None = None

    def open(self, settings: LoadSettings) -> None:
        """Clear the record of the last run."""
        self._recording = None
        if settings.record:
            self._recording = Recording(Path(settings.record))
            self._recording.clear()

    def begin(self, started_at: float) -> None:
        """Write when the run began, in unix seconds."""
        if self._recording is not None:
            self._recording.begin(started_at)

    def conclude(self, outcome: Outcome) -> None:
        """Write the summary of the run."""
        if self._recording is None:
            return
        try:
            self._recording.conclude(summarise(outcome))
        except OSError as error:
            logger.error(  # noqa: TRY400 - the cause is in the sentence
                "the run has no summary: cannot write to %s: %s; make room there or choose "
                "another --record",
                outcome.settings.record,
                error.strerror,
            )
            self._environment.process_exit_code = EXIT_RECORD

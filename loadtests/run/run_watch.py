"""Watches the service and the run once a second: which knobs are in force, when the run is warm."""

import logging
from collections.abc import Callable

import gevent

from loadtests.run.ledger import Ledger
from loadtests.sender.tallies import Tallies, add_up
from loadtests.service_under_test.client import ServiceError
from loadtests.workload.flags import FlagError

logger = logging.getLogger(__name__)

_SECONDS = 1.0


def repeat_forever(seconds: float, task: Callable[[], None]) -> None:
    """Call a task again and again, whatever becomes of a single call.

    Args:
        seconds: Between two calls.
        task: What it raises is logged, once if it is the same again.
    """
    known = ""
    while True:
        try:
            task()
        except Exception as error:
            if repr(error) != known:
                known = repr(error)
                logger.exception("unexpected error; what is shown of the run may be old")
        gevent.sleep(seconds)


class RunWatch:
    """Notes in the ledger what changes during a run without our doing.

    Args:
        ledger: Keeps what is noted.
        tallies: Returns what was counted in the present run.
    """

    def __init__(self, ledger: Ledger, tallies: Callable[[], Tallies]) -> None:
        self._ledger = ledger
        self._tallies = tallies

    def start(self) -> None:
        """Watch from now on, whether the service answers or not."""
        for task in (self.read_knobs, self.mark_warm, self.read_keys):
            gevent.spawn(repeat_forever, _SECONDS, task)

    def read_knobs(self) -> None:
        """Note the knobs in force; they stay as they were while the service is silent."""
        try:
            with self._ledger.client() as client:
                self._ledger.note_knobs_read(client.knobs())
        except (FlagError, ServiceError) as error:
            logger.debug("the knobs were not read: %s", error)

    def mark_warm(self) -> None:
        """Keep what was counted until the run is warm, to tell the rest of the run from it."""
        elapsed = self._ledger.elapsed
        if elapsed is None or self._ledger.warm_mark is not None:
            return
        if elapsed >= self._ledger.parts.first_warm:
            self._ledger.warm_mark = add_up([self._tallies().to_message()])

    def read_keys(self) -> None:
        """Keep what a target or its Redis counted by now."""
        if self._ledger.elapsed is not None and self._ledger.settings is not None:
            self._ledger.key_reads.update(self._ledger.settings)

"""Why calls of Redis and the database fail: a word for the metrics, their own words in the log."""

import logging
import re
import time
from collections.abc import Callable
from typing import Literal

from service.domain.observer import Observer

# A cause that comes again within this time is one that lasts.
SAME_CAUSE_SECONDS = 60.0
MOST_REMEMBERED = 100
LONGEST_WORDS = 300
OTHER = "other"
# Words that differ in a slot, a port or a digest only are of one kind.
_NUMBERS = re.compile(r"[0-9a-f]{12,}|[0-9]+")

_PATTERNS = {
    "login": r"WRONGPASS|NOAUTH|username-password|AUTH <password>|Authentication required"
    r"|\((1045|1698|1251|2049),",
    "tls": r"SSL|certificate|TLS|\(2026,",
    "rights": r"NOPERM|no permissions|can't run this command|read-?only database"
    r"|\((1044|1142|1143|1227|1370),",
    "database": r"DB index is out of range|invalid DB index|\((1046|1049),",
    "table": r"no such (table|column)|is not a fruit|\((1054|1109|1146),",
    "value": r"\((1048|1264|1265|1364|1366|1406|1451|1452|1644|3819|3988|4025),|IntegrityError",
    "elsewhere": r"READONLY|MOVED|LOADING|MASTERDOWN|CLUSTERDOWN|Cluster mode is not enabled"
    r"|ReadOnlyError|MovedError|BusyLoadingError|MasterDownError|one of a cluster"
    r"|\((1290|1792|1836),",
    "full": r"\bOOM\b|maxmemory|max number of clients|disk is full|\((1040|1114|1203|1226|3024),",
    "lock": r"database is locked|\((1205|1213|3572),",
    "no-answer": r"[Tt]ime(d )?-?out|\((2006|2013),",
    "unreachable": r"onnecting to|refused|reset|closed|[Bb]roken pipe|not known|unable to open"
    r"|reachable node|\((2002|2003|2005),",
    "odd-reply": r"Protocol|is not one of Redis",
}
_CAUSES = {cause: re.compile(pattern) for cause, pattern in _PATTERNS.items()}
CAUSES = (*_CAUSES, OTHER)

log = logging.getLogger("service")


def classify_failure(words: str) -> str:
    """Return the cause, one of `CAUSES`, that a driver's or server's own words are about."""
    return next((cause for cause, pattern in _CAUSES.items() if pattern.search(words)), OTHER)


class Failures:
    """Counts failures of one dependency by cause, and logs the words of each kind once.

    Args:
        dependency: Its name in the metrics.
        observer: Counts the causes.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        dependency: Literal["redis", "store"],
        observer: Observer,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._dependency = dependency
        self._observer = observer
        self._clock = clock
        self._last_at: dict[str, float] = {}

    def record(self, words: str) -> None:
        """Count a failure; log its words unless they were recorded within the last minute."""
        kind, now = _NUMBERS.sub("#", words[:LONGEST_WORDS]), self._clock()
        self._observer.failed(self._dependency, classify_failure(words))
        if now - self._last_at.get(kind, -SAME_CAUSE_SECONDS) >= SAME_CAUSE_SECONDS:
            log.warning("%s failed: %s", self._dependency, words[:LONGEST_WORDS])
            if len(self._last_at) >= MOST_REMEMBERED:
                self._last_at.clear()
        self._last_at[kind] = now

"""How a change of knobs reaches every process: one document in Redis that all look at."""

import json
import logging
import math
import threading
from collections.abc import Mapping

from service.domain.cache import Cache, CacheUnavailableError
from service.domain.knobs import Knobs
from service.domain.live_knobs import LiveKnobs

ATTEMPTS = 5
# From here on not every whole number is one of those that Lua and JSON have.
MOST_VERSIONS = 2**53

log = logging.getLogger("service")


class SharedKnobs:
    """Keeps a process' knobs the same as everybody's. The highest version wins.

    There is no document before the first change, and none when the last process that keeps
    it alive has gone.
    """

    def __init__(self, cache: Cache, knobs: LiveKnobs) -> None:
        """Join the parts; sends nothing."""
        self._cache = cache
        self._knobs = knobs
        self._changing = threading.Lock()
        self._synced = False
        self._refused: bytes = b""
        self._refused_version = 0

    def sync(self) -> bool:
        """Take over newer knobs, or give one's own to a Redis that lost them.

        Returns:
            Whether Redis answered.
        """
        live = self._knobs
        try:
            carried = self._cache.share_knobs(live.version, self._own(), None)
            if not (self._synced or carried or self._cache.is_empty()):
                live.found_entries()
        except CacheUnavailableError:
            return False
        self._synced = True
        self._take_over(carried)
        return True

    def change(self, changes: Mapping[str, object]) -> None:
        """Change knobs here and everywhere; only here while Redis is away.

        Raises:
            KnobError: A knob or value is wrong, and nothing was changed.
            CacheUnavailableError: Others were faster each time, and nothing was changed.
        """
        with self._changing:
            for _ in range(ATTEMPTS):
                self.sync()
                if self._offer(self._knobs.current.patched(changes)):
                    return
            raise CacheUnavailableError("others change the settings at the same time; try again")

    def _offer(self, knobs: Knobs) -> bool:
        """Put knobs into force unless somebody else changed theirs meanwhile."""
        live = self._knobs
        based_on, known_at = max(live.version, self._refused_version), live.horizon(knobs)
        version = based_on + 1
        document = _document(version, knobs, known_at)
        try:
            carried = self._cache.share_knobs(version, document, based_on)
        except CacheUnavailableError:
            log.warning("Redis is away: the changed settings are in force in this process only")
            carried = document.encode()
        if carried != document.encode():
            self._take_over(carried)
            return False
        live.turn(knobs, version, known_at)
        return True

    def _own(self) -> str:
        live = self._knobs
        return _document(live.version, live.current, live.ages_known_at)

    def _take_over(self, carried: bytes) -> None:
        if not carried or carried == self._refused:
            return
        try:
            document = json.loads(carried)
            version = self._refused_version = _version(document["version"])
            known_at = _finite(document["ages_known_at"])
            knobs = Knobs().patched(document["settings"])
        except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
            self._refused = carried
            log.warning("the settings that Redis carries are not readable and not taken over")
            return
        self._knobs.turn(knobs, version, known_at)


def _document(version: int, knobs: Knobs, ages_known_at: float) -> str:
    return json.dumps(
        {"version": version, "settings": knobs.as_json_object(), "ages_known_at": ages_known_at}
    )


def _version(value: object) -> int:
    """Read a version as the script that carries it does; raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError  # noqa: TRY004 - what Redis holds is no type of ours
    if not 0 < value < MOST_VERSIONS or value % 1:
        raise ValueError
    return int(value)


def _finite(value: float) -> float:
    """Read a time; raises ValueError."""
    if not math.isfinite(value):
        raise ValueError
    return float(value)

"""How a change of knobs reaches every process: through one document in Redis."""

import json
import logging
import math
import threading
from collections.abc import Mapping

from service.domain.cache import Cache, CacheUnavailableError
from service.domain.knobs import KnobError, Knobs, no_near_tier
from service.domain.live_knobs import LiveKnobs

ATTEMPTS = 5
# No number of changes leads here. JSON and Lua represent every whole number up to 2**53, so that
# each usable version has a next one that all processes can tell from it.
VERSION_LIMIT = 2**52

log = logging.getLogger("service")


class SharedKnobs:
    """Keeps the knobs of all processes the same; the highest version wins.

    The document exists from the first change until the last process that keeps it alive ends.

    Args:
        cache: Carries the document.
        knobs: Those of this process.
        has_near: Whether there may be a near tier.
    """

    def __init__(self, cache: Cache, knobs: LiveKnobs, *, has_near: bool = True) -> None:
        self._has_near = has_near
        self._cache = cache
        self._knobs = knobs
        self._changing = threading.Lock()
        self._synced = False
        self._refused: bytes = b""
        self._refused_version = 0

    def sync(self) -> bool:
        """Adopt newer knobs, or restore this process' own to a Redis that lost them.

        Returns:
            Whether Redis answered.
        """
        live = self._knobs
        own = _document(live.version, live.current, live.ages_known_at)
        try:
            shared = self._cache.share_knobs(live.version, own, None)
            if not (self._synced or shared or self._cache.is_empty()):
                live.hide_ages()
        except CacheUnavailableError:
            return False
        self._synced = True
        self._adopt(shared)
        return True

    def change(self, changes: Mapping[str, object]) -> str | None:
        """Change knobs in every process; only in this one while Redis is away.

        Returns:
            Why the change is in force in this process only; None when it is in every one.

        Raises:
            KnobError: A knob or value is wrong, and nothing was changed.
            CacheUnavailableError: Other processes were faster each time, or no version is left,
                and nothing was changed.
        """
        with self._changing:
            for _ in range(ATTEMPTS):
                self.sync()
                changed = self._knobs.current.with_changes(changes)
                if changed.near_seconds and not self._has_near:
                    raise KnobError("near_seconds", no_near_tier(changed.near_seconds))
                taken, unshared = self._offer(changed)
                if taken:
                    return unshared
            raise CacheUnavailableError("others change the knobs at the same time; try again")

    def _offer(self, knobs: Knobs) -> tuple[bool, str | None]:
        """Put knobs into force unless another process changed them meanwhile.

        Returns:
            Whether they are in force, and why in this process only.
        """
        live = self._knobs
        based_on = max(live.version, self._refused_version)
        version, known_at = based_on + 1, live.ages_known_after(knobs)
        if version >= VERSION_LIMIT:
            raise CacheUnavailableError(
                f"the knobs have the version {based_on}, and the next is not usable; end every "
                "process of the service, and start them again"
            )
        document, unshared = _document(version, knobs, known_at), None
        try:
            shared = self._cache.share_knobs(version, document, based_on)
        except CacheUnavailableError as error:
            unshared = str(error)
            log.warning("the changed knobs are in force in this process only: %s", error)
            shared = document.encode()
        if shared != document.encode():
            self._adopt(shared)
            return False, None
        live.turn(knobs, version, known_at)
        return True, unshared

    def _adopt(self, shared: bytes) -> None:
        if not shared or shared == self._refused:
            return
        try:
            document = json.loads(shared)
            version = self._refused_version = _version(document["version"])
            known_at = _finite(document["ages_known_at"])
            knobs = Knobs().with_changes(document["settings"])
        except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
            self._refused = shared
            log.warning("the knobs in Redis are not readable and are ignored")
            return
        self._knobs.turn(knobs, version, known_at)


def _document(version: int, knobs: Knobs, ages_known_at: float) -> str:
    return json.dumps(
        {"version": version, "settings": knobs.as_json_object(), "ages_known_at": ages_known_at}
    )


def _version(value: object) -> int:
    """Check a version as the script that stores it does; raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError  # noqa: TRY004 - it is data from Redis, not an argument of ours
    if not 0 < value < VERSION_LIMIT or value % 1:
        raise ValueError
    return int(value)


def _finite(value: float) -> float:
    """Check a time; raises ValueError."""
    if not math.isfinite(value):
        raise ValueError
    return float(value)

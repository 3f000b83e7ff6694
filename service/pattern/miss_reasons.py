"""Why lookups missed: judged from what became of each entry that this process wrote.

Loads and writes leave a note each, at the cost of an append. The notes are judged later: by the
chores, and before metrics are read. A hit leaves none.
"""

import math
import threading
from collections import deque
from typing import NamedTuple

from service.domain.cache import NO_ENTRY, Claim, FillOutcome
from service.domain.live_knobs import LiveKnobs
from service.domain.lookup import MissReason
from service.domain.observer import Observer
from service.pattern.entry_memory import Entry, EntryMemory

# Notes that wait; there are some thousands between two looks when the load is high.
MOST_NOTES = 100_000
# Redis counts in whole milliseconds, and may see an entry's end by one before this clock does.
SLACK_SECONDS = 0.002


class LoadNote(NamedTuple):
    """A load that ended with a value, and its fill. Times are those of the pattern's clock.

    Attributes:
        fruit_id: Which fruit.
        claim: What was known of the cache before the load.
        began: When the load began, after the lookup had missed.
        filling_at: When the fill was sent.
        filled_at: When its outcome was known.
        ttl_ms: TTL of the entry.
        outcome: None when there was nothing to write.
        missed: Whether the load is a lookup's that missed, and not a refresh.
    """

    fruit_id: int
    claim: Claim
    began: float
    filling_at: float
    filled_at: float
    ttl_ms: int
    outcome: FillOutcome | None
    missed: bool


class WriteNote(NamedTuple):
    """A write that deleted an entry, or will, and when it began to."""

    fruit_id: int
    at: float


Note = LoadNote | WriteNote
# Fills that left no entry, for lack of memory or because there is nothing to cache.
REFUSED = frozenset({FillOutcome.FAILED, None})


class MissReasons:
    """Reports one reason for each lookup that missed.

    It knows the entries that this process wrote. Of an entry that another process wrote, or that
    was there before this process, it knows nothing.

    Args:
        knobs: Until when there may be entries from before this process.
        observer: Notified of every reason.

    Attributes:
        note: Leaves a note; a method of the queue itself, which costs a lookup least.
    """

    def __init__(self, knobs: LiveKnobs, observer: Observer) -> None:
        self._knobs = knobs
        self._observer = observer
        self._notes: deque[Note] = deque(maxlen=MOST_NOTES)
        self._judging = threading.Lock()
        self._memory = EntryMemory()
        self._emptied = False
        self.note = self._notes.append

    def judge(self) -> None:
        """Judge the notes that came since the last call."""
        with self._judging:
            while self._notes:
                note = self._notes.popleft()
                if isinstance(note, WriteNote):
                    self._end_by_write(note)
                    continue
                known = self._memory.find(note.fruit_id)
                reason = self._reason(note, known)
                if note.missed:
                    self._observer.missed(reason)
                self._remember(note, known, reason)

    def forget(self) -> None:
        """Begin anew, because the cache was emptied: what comes into it now is new to it."""
        self.judge()
        with self._judging:
            self._memory = EntryMemory()
            self._emptied = True

    def _reason(self, note: LoadNote, known: Entry | None) -> MissReason:
        if note.claim.seen_ms != NO_ENTRY.remaining_ms:
            return MissReason.UNKNOWN  # There is an entry that cannot be read.
        if known is not None:
            return _reason_after(known, note)
        if self._memory.ever_held(note.fruit_id):
            expired = note.began >= self._memory.forgotten_end_by
            return MissReason.EXPIRED if expired else MissReason.UNKNOWN
        knows_all = self._emptied or self._knobs.unix_seconds() >= self._knobs.strange_until
        return MissReason.FIRST if knows_all else MissReason.UNKNOWN

    def _remember(self, note: LoadNote, known: Entry | None, reason: MissReason) -> None:
        """Keep what became of a load's fill, unless a later one has come before it."""
        stored = note.outcome is FillOutcome.STORED
        if known is not None and not stored and known.filled_at >= note.claim.asked_at:
            return
        # A newer entry was there, written by another process at some time since this load began.
        written_at = note.began if note.outcome is FillOutcome.REDUNDANT else note.filling_at
        generation = note.claim.generation
        server = generation.partition("@")[2]
        # A write fenced the fill, or Redis evicted its token: the next generation tells which.
        fenced = note.outcome is FillOutcome.FENCED
        self._memory.keep(
            note.fruit_id,
            Entry(
                filled_at=note.filled_at,
                ends_at=math.inf if fenced else written_at + note.ttl_ms / 1000,
                generation=hash(generation),
                server=hash(server) if server else 0,
                missed_for=reason,
                gone_for=MissReason.REFUSED if note.outcome in REFUSED else None,
            ),
        )

    def _end_by_write(self, note: WriteNote) -> None:
        entry = self._memory.find(note.fruit_id)
        if entry is None or entry.gone_for is not None:
            return
        if entry.filled_at < note.at < entry.ends_at:
            self._memory.keep(note.fruit_id, entry._replace(gone_for=MissReason.INVALIDATED))


def _reason_after(entry: Entry, note: LoadNote) -> MissReason:
    """Return why a lookup missed, by the last entry of its fruit."""
    server = note.claim.generation.partition("@")[2]
    if note.claim.asked_at < entry.filled_at:
        return entry.missed_for  # Several loads at once have the reason of the first.
    if server and entry.server and hash(server) != entry.server:
        return MissReason.FIRST  # Redis is another one, or has restarted.
    if entry.gone_for is not None:
        return entry.gone_for
    if note.began >= entry.ends_at - SLACK_SECONDS:
        return MissReason.EXPIRED
    return _reason_before_its_end(entry, note.claim.generation)


def _reason_before_its_end(entry: Entry, generation: str) -> MissReason:
    """Return what removed an entry whose TTL was not over, by the generation found since."""
    token, _, server = generation.partition("@")
    if not server:
        return MissReason.UNKNOWN  # Without generations, a write elsewhere leaves no trace.
    # A token that a load made, and no write, begins with a plus.
    written = token and not token.startswith("+")
    if written and hash(generation) != entry.generation:
        return MissReason.INVALIDATED
    return MissReason.EVICTED

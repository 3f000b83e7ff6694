"""What a process remembers of the entries that it wrote, in a fixed amount of memory."""

import math
from struct import Struct
from typing import NamedTuple

from service.domain.lookup import MissReason

# Ids are numbered from 1, so that a catalogue up to this size has a place for each of its fruit.
PLACES = 1 << 18
# Whether an id ever had an entry is known for a larger catalogue.
HELD = 1 << 23
# The id, two times, two hashes, and two reasons as numbers: 42 bytes.
RECORD = Struct("<qddqqbb")
REASONS = (None, *MissReason)
NUMBERS = {reason: number for number, reason in enumerate(REASONS)}


class Entry(NamedTuple):
    """The last entry of a fruit that this process wrote, or failed to write.

    Attributes:
        filled_at: When it was written, or would have been.
        ends_at: When its TTL is over; infinite when it is not known to have been written.
        generation: Hash of the generation at its load.
        server: Hash of the server it was written to; 0 when not known.
        missed_for: Why the lookup missed whose load wrote it.
        gone_for: What is known to have ended it before its TTL; None when nothing is.
    """

    filled_at: float
    ends_at: float
    generation: int
    server: int
    missed_for: MissReason
    gone_for: MissReason | None


class EntryMemory:
    """One entry for each place; a later one of another fruit takes the place.

    The operating system provides the memory only where something is kept.

    Attributes:
        forgotten_end_by: When the TTL of every entry is over whose place another took.
    """

    def __init__(self) -> None:
        self.forgotten_end_by = -math.inf
        self._records = bytearray(PLACES * RECORD.size)
        self._held = bytearray(HELD // 8)

    def find(self, fruit_id: int) -> Entry | None:
        """Return the entry of a fruit; None when it had none, or another took its place."""
        kept_id, filled_at, ends_at, generation, server, missed_for, gone_for = RECORD.unpack_from(
            self._records, _offset(fruit_id)
        )
        if kept_id != fruit_id:
            return None
        missed = REASONS[missed_for] or MissReason.UNKNOWN
        return Entry(filled_at, ends_at, generation, server, missed, REASONS[gone_for])

    def keep(self, fruit_id: int, entry: Entry) -> None:
        """Keep the entry of a fruit in place of what is there."""
        offset = _offset(fruit_id)
        kept_id, _, kept_ends_at, *_ = RECORD.unpack_from(self._records, offset)
        if kept_id != fruit_id:
            byte, bit = divmod(fruit_id % HELD, 8)
            self._held[byte] |= 1 << bit
            if kept_id and math.isfinite(kept_ends_at):
                self.forgotten_end_by = max(self.forgotten_end_by, kept_ends_at)
        filled_at, ends_at, generation, server, missed_for, gone_for = entry
        reasons = NUMBERS[missed_for], NUMBERS[gone_for]
        RECORD.pack_into(
            self._records, offset, fruit_id, filled_at, ends_at, generation, server, *reasons
        )

    def ever_held(self, fruit_id: int) -> bool:
        """Return whether the fruit had an entry, or one of the same number modulo `HELD`."""
        byte, bit = divmod(fruit_id % HELD, 8)
        return bool(self._held[byte] >> bit & 1)


def _offset(fruit_id: int) -> int:
    return fruit_id % PLACES * RECORD.size

"""The Lua scripts in lua/: what Redis must do in one step. Each counts the keys that it reads.

An entry, its generation and its lease share a cluster slot. The scripts use only commands of
Redis 6.2 and later. `read` and `remaining` count as Redis itself does. Every reply ends with the
counts of keys found and missing; it begins with false when Redis refused to write (out of memory).

A lease holds `held:TOKEN` while its holder loads. Afterwards it may hold the result for a moment,
`done:VALUE` or `failed:`, for those who waited. The next holder keeps that result behind its own
token, `held:TOKEN:done:VALUE`, because some waiters may not have looked yet. They may share it:
it was loaded after they came, and an invalidation would have deleted it.
"""

import hashlib
from pathlib import Path

FOLDER = Path(__file__).with_name("lua")


class Script:
    """A script, and the digest that runs it once Redis has received its text.

    Attributes:
        reads_keys: Whether it reads keys, and counts them.
    """

    def __init__(self, *names: str) -> None:
        texts = [(FOLDER / f"{name}.lua").read_text(encoding="utf-8") for name in names]
        self.text = "".join(texts)
        self.digest = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()
        self.reads_keys = "counted" in names


READ_ENDED = Script("counted", "read_ended")
GENERATION = Script("counted", "generation")
FILL = Script("counted", "fill")
ACQUIRE = Script("counted", "acquire")
RELEASE = Script("counted", "release")
INVALIDATE = Script("invalidate")
SHARE_KNOBS = Script("counted", "share_knobs")
SIZE = Script("size")
PROBE = Script("counted", "probe")

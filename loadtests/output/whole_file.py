"""Writes files that appear whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write *text* to *path* so that no reader ever sees half of it; raise OSError.

    A link or a FIFO at that path is replaced, not written through.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8", errors="replace")
        draft.replace(path)
    except OSError as error:  # Such as a full disk, or a folder in the file's place.
        with suppress(OSError):
            draft.unlink()
        raise OSError(error.errno, error.strerror, str(path)) from None

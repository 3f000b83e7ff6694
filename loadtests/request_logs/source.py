"""Opens logs: plain or compressed files and stdin, recognised by their first bytes."""

import bz2
import codecs
import gzip
import io
import lzma
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import IO, Self, cast

import zstandard

from loadtests.request_logs.zstd_frames import ZstdFrames

STDIN = "-"
UTF_8 = "utf-8-sig"
HEAD_BYTES = 65_536
LONGEST_LINE = 1 << 20
_BLOCK_BYTES = 1 << 20

_MAGIC: dict[bytes, Callable[[IO[bytes]], IO[bytes]]] = {
    b"\x1f\x8b": lambda raw: cast("IO[bytes]", gzip.GzipFile(fileobj=raw)),
    b"BZh": lambda raw: cast("IO[bytes]", bz2.BZ2File(raw)),
    b"\xfd7zXZ\x00": lambda raw: cast("IO[bytes]", lzma.LZMAFile(raw)),  # noqa: SIM115 - see Source
    b"\x28\xb5\x2f\xfd": lambda raw: cast("IO[bytes]", ZstdFrames(raw)),
    b"\x50\x2a\x4d\x18": lambda raw: cast("IO[bytes]", ZstdFrames(raw)),  # Of pzstd.
}
PACKED = tuple(_MAGIC)
"""How packed files begin."""
DAMAGED = (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError, ValueError)
"""What a damaged or unreadable file raises while it is read."""


class LogError(ValueError):
    """A log cannot be read or understood; one line for the user."""


class Source:
    """A log that is read once, from its first byte; a context manager.

    Args:
        name: Path, or "-" for stdin.

    Attributes:
        name: How messages call it.
        head: The first bytes after decompression, which are read again by `blocks` and `stream`.
    """

    def __init__(self, name: str) -> None:
        self.name = "stdin" if name == STDIN else name
        self.head = b""
        self._path = name
        self._open = ExitStack()
        self._bytes: IO[bytes]
        self._file: IO[bytes] | None = None
        self._place = 0

    def __enter__(self) -> Self:
        """Open the log.

        Raises:
            LogError: It cannot be opened.
        """
        try:
            self._bytes = self._unpacked()
        except DAMAGED as error:
            self._open.close()
            if getattr(error, "errno", None) is None:
                raise damaged(self.name, error) from None
            raise LogError(f"{self.name} cannot be read: {reason(error)}; check the path") from None
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _unpacked(self) -> IO[bytes]:
        if self._path == STDIN:
            if sys.stdin is None:
                raise OSError("it is closed")
            raw: IO[bytes] = sys.stdin.buffer
        else:
            raw = self._open.enter_context(Path(self._path).open("rb"))  # noqa: SIM115 - it does
            self._file = raw if raw.seekable() else None
        peekable = self._open.enter_context(
            io.BufferedReader(cast("io.RawIOBase", raw), HEAD_BYTES)
        )
        start = peekable.peek(8)
        unpack = next((unpack for magic, unpack in _MAGIC.items() if start.startswith(magic)), None)
        unpacked = unpack(cast("IO[bytes]", peekable)) if unpack else peekable
        whole = self._open.enter_context(
            io.BufferedReader(cast("io.RawIOBase", unpacked), HEAD_BYTES)
        )
        self.head = whole.peek(HEAD_BYTES)
        return cast("IO[bytes]", whole)

    def stream(self) -> IO[bytes]:
        """Return the unpacked bytes."""
        return self._bytes

    def bytes_since(self) -> int:
        """Return how many bytes of a file were read since this was asked; 0 for pipes and stdin."""
        before = self._place
        self._place = self._file.tell() if self._file else 0
        return self._place - before

    def blocks(self) -> Iterator[bytes]:
        """Yield whole lines in UTF-8, each ended by a line feed, without a byte order mark.

        Of a line without an end, as in a file that unpacks to gigabytes, the beginning is kept.
        """
        rest = b""
        for piece in _with_line_feeds(self._in_utf_8()):
            end = piece.find(b"\n")
            if end < 0:
                rest = (rest + piece)[:LONGEST_LINE]
                continue
            whole = piece.rfind(b"\n") + 1
            yield (rest + piece[:end])[: LONGEST_LINE - 1] + piece[end:whole]
            rest = piece[whole:]
        if rest:
            yield rest[: LONGEST_LINE - 1] + b"\n"

    def _in_utf_8(self) -> Iterator[bytes]:
        pieces = iter(partial(self._bytes.read, _BLOCK_BYTES), b"")
        if _encoding(self.head) == UTF_8:
            yield next(pieces, b"").removeprefix(codecs.BOM_UTF8)
            yield from pieces
        else:
            for text in codecs.iterdecode(pieces, "utf-16"):
                yield text.encode()

    def first_lines(self) -> list[str]:
        """Return the lines that are whole within the head, or the beginning of a longer one."""
        encoding = _encoding(self.head)
        text = self.head.decode(encoding, "surrogateescape" if encoding == UTF_8 else "replace")
        whole = text if len(self.head) < HEAD_BYTES // 2 else text.rpartition("\n")[0]
        return (whole or text).splitlines()


def lines_of(block: bytes) -> io.StringIO:
    """Return the lines of a block, each with its line feed; wrong bytes stay distinct."""
    return io.StringIO(block.decode("utf-8", "surrogateescape"), newline="\n")


def _with_line_feeds(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Return what is read with every end of a line, also those by CR and CR LF, as a line feed."""
    held = b""
    for piece in pieces:
        joined = held + piece
        held = joined[-1:] if joined.endswith(b"\r") else b""  # An LF may follow.
        whole = joined[: len(joined) - len(held)]
        if b"\r" in whole:
            whole = whole.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        yield whole
    if held:
        yield b"\n"


def damaged(name: str, error: BaseException) -> LogError:
    """Return what to say of a log that failed while it was read or unpacked."""
    return LogError(
        f"{name} is damaged: {reason(error)}; unpack it as far as it goes and name the plain file"
    )


def reason(error: BaseException) -> str:
    """Return the cause of an error in reading, without the path."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _encoding(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return UTF_8

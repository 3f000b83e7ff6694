"""Unpacks .zst files, and notices one that ends too early."""

import io
from typing import IO

import zstandard

_PIECE_BYTES = 1024  # A byte may unpack to 32 KiB, and a piece is unpacked whole.


class ZstdFrames(io.RawIOBase):
    """Reads what frames hold, one after the other.

    zstandard's own reader takes the end of a file for the end of a frame.

    Args:
        packed: The file.
    """

    def __init__(self, packed: IO[bytes]) -> None:
        self._packed = packed
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self._unpacked = memoryview(b"")

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # what BufferedReader gives
        """Read into *buffer*; return the number of bytes, 0 at the end.

        Raises:
            EOFError: The file ends within a frame.
            ZstdError: It is damaged.
        """
        while not self._unpacked and (piece := self._next_piece()):
            if self._frame is None or self._frame.eof:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            self._unpacked = memoryview(self._frame.decompress(piece))
        count = min(len(buffer), len(self._unpacked))
        buffer[:count] = self._unpacked[:count]
        self._unpacked = self._unpacked[count:]
        return count

    def _next_piece(self) -> bytes:
        ended = self._frame is None or self._frame.eof
        rest = self._frame.unused_data if self._frame and ended else b""
        piece = rest or self._packed.read(_PIECE_BYTES)
        if not piece and not ended:
            raise EOFError("it ends within a frame")
        return piece

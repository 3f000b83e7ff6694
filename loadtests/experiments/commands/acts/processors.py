"""How busy the processors of this machine are, with all its programs together."""

from pathlib import Path


class Processors:
    """Tells how busy all processors were together between two looks."""

    def __init__(self) -> None:
        self._seen = self._look()

    def busy_ratio(self) -> float:
        """Return the share of their time that they worked since the look before."""
        before, self._seen = self._seen, self._look()
        idle, whole = (now - then for now, then in zip(self._seen, before, strict=True))
        return 1 - idle / whole if whole else 0.0

    @staticmethod
    def _look() -> tuple[int, int]:
        first = Path("/proc/stat").read_text(encoding="ascii").partition("\n")[0]
        user, nice, system, idle, waiting, *rest = map(int, first.split()[1:9])
        return idle + waiting, sum((user, nice, system, idle, waiting, *rest))

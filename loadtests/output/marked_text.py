"""Replaces the part of a page that a program writes, which stands between two marks."""

from pathlib import Path


def replace_between(page: Path, begin: str, end: str, text: str) -> None:
    """Put *text* between two marks of a page; raise OSError."""
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    after = rest.partition(end)[2]
    page.write_text(f"{before}{begin}{text}{end}{after}", encoding="utf-8")

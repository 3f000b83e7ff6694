"""A console that shows control characters of what it prints, where a terminal would obey them."""

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

_PICTURES = 0x2400  # Of the control characters from 0 on, such as a small ESC.
_OBEYED: dict[int, str] = {
    **{code: chr(_PICTURES + code) for code in range(0x20) if chr(code) not in "\n\t"},
    0x7F: "\u2421",
    # The longer set of control characters, and those that turn the direction of writing.
    **dict.fromkeys((*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\ufffd"),
}


def plain_text(text: str) -> str:
    """Return a text with a picture in place of each control character but newline and tab."""
    return text.translate(_OBEYED)


class PlainConsole(Console):
    """Prints texts of others, such as the keys of a log, so that they cannot steer a terminal."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Yield the segments of what is printed, those of texts without control characters."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=plain_text(segment.text))

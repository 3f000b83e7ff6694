"""The look of a progress bar: on a terminal alone, and gone when its work is done."""

from rich.console import Console
from rich.progress import Progress, ProgressColumn


def passing_bar(console: Console, *columns: ProgressColumn) -> Progress:
    """Return a progress bar of these columns."""
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)

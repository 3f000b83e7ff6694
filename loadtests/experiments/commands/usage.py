"""What the verbs share: the shape of their help, the folder of their records, the error of use."""

import argparse
import re
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from loadtests.experiments.plan.fields import Field, Given, command_flag

Verbs = Any
"""What `add_subparsers` returns; argparse gives its type no public name."""

HIGHEST_PORT = 65_535
RESULTS = Path("results")


class UsageError(Exception):
    """A port, URL or folder cannot be used; one line names it and the way out."""


def add_verb(
    verbs: Verbs,
    name: str,
    document: str | None,
    run: Callable[[argparse.Namespace, Console], int],
) -> argparse.ArgumentParser:
    """Declare a verb and return the parser for its flags.

    Args:
        verbs: Where it is declared.
        name: The word on the command line.
        document: Its help text; the first line also stands in the list of verbs.
        run: Carries the verb out and returns the exit code.
    """
    text = document or ""
    parser: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=text.partition("\n")[0].rstrip("."),
        description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def help_text(sentence: str, *facts: str) -> str:
    """Return a flag's help: a sentence, then its unit and default in parentheses."""
    known = "; ".join(filter(None, facts))
    text = f"{sentence[:1].upper()}{sentence[1:].rstrip('.')}"
    return f"{text} ({known})".replace("%", "%%") if known else text


def add_field_flags(
    parser: argparse._ActionsContainer,
    fields: Mapping[str, Field],
    *,
    show_default: bool = True,
) -> None:
    """Declare a flag for each field of a plan; an absent flag is None."""
    for name, field in fields.items():
        default = f"default {_default_text(field.default)}" if show_default else ""
        parser.add_argument(
            command_flag(name),
            dest=name,
            metavar="VALUE",
            help=help_text(field.help.removeprefix("Service: "), field.unit, default),
        )


def given_values(options: argparse.Namespace, fields: Iterable[str]) -> dict[str, Given]:
    """Return the fields whose flags were given, unchecked."""
    values = {name: getattr(options, name) for name in fields}
    return {
        name: Given(value, command_flag(name))
        for name, value in values.items()
        if value is not None
    }


def add_output_flags(parser: argparse.ArgumentParser, verb: str) -> None:
    """Declare where the records go and how the answer is printed."""
    parser.add_argument(
        "--output",
        metavar="DIR",
        help=f"New or empty folder for records and report (default results/{verb}-DATE-TIME)",
    )
    parser.add_argument(
        "--json", action="store_true", help="Print the answer as one JSON object instead of a table"
    )


def make_output_folder(given: str | None, verb: str) -> Path:
    """Make the folder for a run's records before anything else starts.

    Without a given one it is named after the verb and the time.

    Raises:
        UsageError: It has no name, cannot be written, or holds files already.
    """
    if given is not None and not given.strip():
        raise UsageError(f"--output must name a folder, got {given!r}; leave it out or name one")
    folder = Path(given) if given else RESULTS / time.strftime(f"{verb}-%Y%m%d-%H%M%S")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = any(folder.iterdir())
        (folder / ".writable").touch()
        (folder / ".writable").unlink()
    except OSError as error:
        raise UsageError(
            f"--output {folder} cannot be written: {error.strerror}; name another folder"
        ) from None
    if taken:
        raise UsageError(f"--output {folder} holds files already; name a new folder")
    return folder


def whole_number(flag: str, text: str, example: str, highest: int = HIGHEST_PORT) -> int:
    """Return the number that a flag has, by default a port.

    Raises:
        UsageError: It is not a whole number from 1 to *highest*.
    """
    if not re.fullmatch(r"[0-9]{1,12}", text) or not 1 <= int(text) <= highest:
        raise UsageError(
            f"{flag} must be a whole number from 1 to {highest}, got {text[:40]!r}; such as"
            f" {example}"
        )
    return int(text)


def _default_text(default: object) -> str:
    if isinstance(default, tuple):
        return ",".join(f"{value:g}" for value in default)
    if isinstance(default, int | float):
        return f"{default:.10g}"
    return "none" if default in (None, "") else str(default)

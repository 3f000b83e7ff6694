"""flask catalogue fill --items N: fills the catalogue from the command line."""

from collections.abc import Callable

import click
from flask import Flask
from flask.cli import AppGroup

from service.domain.catalogue import MAX_ITEMS
from service.domain.store import StoreUnavailableError


class _CannotFillError(click.ClickException):
    exit_code = 2


def install(app: Flask, fill_catalogue: Callable[[int], int]) -> None:
    """Add the group `catalogue` to the app's command line.

    Args:
        app: Receives the command.
        fill_catalogue: Creates the rows missing among ids 1 to N and returns how many.
    """
    group = AppGroup("catalogue", help="The fruit in the database.")

    @group.command("fill")
    @click.option("--items", type=click.IntRange(1, MAX_ITEMS), required=True)
    def fill(items: int) -> None:
        """Create the rows missing among ids 1 to ITEMS; existing rows stay as they are."""
        try:
            created = fill_catalogue(items)
        except StoreUnavailableError as error:
            raise _CannotFillError(
                f"DATABASE_URL: the database cannot be filled ({error.full}); "
                "start it, load db.sql, or set another DATABASE_URL"
            ) from error
        click.echo(f"ids 1 to {items} exist, {created} of them new")

    app.cli.add_command(group)

"""flask catalogue fill --items N: the catalogue from the command line."""

from collections.abc import Callable

import click
from flask import Flask
from flask.cli import AppGroup

from service.domain.catalogue import MAX_ITEMS
from service.domain.store import StoreUnavailableError


class _CannotFillError(click.ClickException):
    exit_code = 2


def install(app: Flask, fill_catalogue: Callable[[int], int]) -> None:
    """Give the app's command line the group `catalogue`.

    Args:
        app: Gets the commands.
        fill_catalogue: Makes ids 1 to N exist and gives how many are new.
    """
    group = AppGroup("catalogue", help="The fruit that there are.")

    @group.command("fill")
    @click.option("--items", type=click.IntRange(1, MAX_ITEMS), required=True)
    def fill(items: int) -> None:
        """Make ids 1 to ITEMS exist; rows that exist stay as they are."""
        try:
            created = fill_catalogue(items)
        except StoreUnavailableError as error:
            raise _CannotFillError(
                f"DATABASE_URL: the database cannot be filled ({error}); "
                "start it, load db.sql, or set another DATABASE_URL"
            ) from error
        click.echo(f"ids 1 to {items} exist, {created} of them new")

    app.cli.add_command(group)

"""The table becomes another: columns of other types, rows without values, fewer rights."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from tests.faults.fault import Fault, of_database
from tests.faults.stage import Stage, close_connections_of_services
from tests.faults.traffic import FIRST_COLD

WHOLE = "quantity INT NOT NULL"
WHOLE_ID = "id INT NOT NULL AUTO_INCREMENT"


def altered(stage: Stage, change: str, back: str) -> Iterator[None]:
    """Give a column another type, and at the end its own; its values stay."""
    with stage.database_admin() as admin:
        admin.execute(f"ALTER TABLE fruit MODIFY {change}")
        yield
        admin.execute(f"ALTER TABLE fruit MODIFY {back}")


def column(name: str, change: str, back: str) -> Fault:
    return of_database(name, partial(altered, change=change, back=back))


def nulls(stage: Stage) -> Iterator[None]:
    """Take the names away from all rows that were never looked up."""
    with stage.database_admin() as admin:
        admin.execute("ALTER TABLE fruit MODIFY name VARCHAR(255)")
        admin.execute(f"UPDATE fruit SET name = NULL WHERE id >= {FIRST_COLD}")
        admin.execute("COMMIT")
        yield
        admin.execute("UPDATE fruit SET name = 'nameless' WHERE name IS NULL")
        admin.execute("COMMIT")
        admin.execute("ALTER TABLE fruit MODIFY name VARCHAR(255) NOT NULL")


def refusing(stage: Stage) -> Iterator[None]:
    """Refuse every quantity that is written from now on, for all of them grow."""
    with stage.database_admin() as admin:
        admin.execute("SELECT MAX(quantity) FROM fruit")
        (most,) = admin.fetchone()
        admin.execute(f"ALTER TABLE fruit ADD CONSTRAINT most CHECK (quantity <= {most})")
        yield
        admin.execute("ALTER TABLE fruit DROP CONSTRAINT most")


def reading_only(stage: Stage) -> Iterator[None]:
    rights = "INSERT, UPDATE, DELETE ON grocerydb.*"
    with stage.database_admin() as admin:
        admin.execute(f"REVOKE {rights} FROM bench@'127.0.0.1'")
        close_connections_of_services(admin)
        yield
        admin.execute(f"GRANT {rights} TO bench@'127.0.0.1'")
        close_connections_of_services(admin)


@contextmanager
def _other_ids(stage: Stage) -> Iterator[None]:
    """Let numbers find rows of other ids: MySQL takes the text '7x' for 7."""
    with stage.database_admin() as admin:
        admin.execute("ALTER TABLE fruit MODIFY id VARCHAR(12) NOT NULL")
        admin.execute(f"UPDATE fruit SET id = CONCAT(id, 'x') WHERE id + 0 >= {FIRST_COLD}")
        admin.execute("COMMIT")
        yield
        admin.execute("UPDATE fruit SET id = TRIM(TRAILING 'x' FROM id)")
        admin.execute("COMMIT")
        admin.execute(f"ALTER TABLE fruit MODIFY {WHOLE_ID}")


FAULTS = (
    column("a column becomes DECIMAL", "quantity DECIMAL(12,2) NOT NULL", WHOLE),
    column("a column becomes DOUBLE", "quantity DOUBLE NOT NULL", WHOLE),
    column("a column becomes BLOB", "name BLOB NOT NULL", "name VARCHAR(255) NOT NULL"),
    column("the ids become BIGINT", "id BIGINT NOT NULL AUTO_INCREMENT", WHOLE_ID),
    of_database("rows have no name (NULL)", nulls),
    of_database("the table refuses what is written (CHECK)", refusing),
    of_database("the user of the database may only read", reading_only),
    Fault("numbers find rows of other ids", _other_ids, lookups_fail=True, writes_fail=True),
)

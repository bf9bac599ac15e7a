"""The schema's version: telling it and raising it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    Column,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    insert,
    inspect,
    text,
)
from sqlalchemy.schema import CreateTable

from bot.errors import ConfigError
from bot.store.migrations import HEAD
from bot.store.schema import metadata

#: Of the standard library: short commands show nothing of it.
log = logging.getLogger(__name__)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext, MigrationInfo
    from sqlalchemy import Connection


def version(conn: Connection) -> str | None:
    """The revision of the tables; None when there are none."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    found = conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def unfit(found: str | None) -> ConfigError:
    """What to do about tables that are not those of this version."""
    if found is None:
        words = "the database has no tables yet; run `bot migrate` with this version"
    elif found > HEAD:
        words = (
            f"the database has the tables of a newer bot ({found}, this one needs {HEAD}): install"
            f" that one, or go back with it first: `bot migrate --to {HEAD}`"
        )
    else:
        words = (
            f"the database has tables of version {found}, this one needs {HEAD}; run `bot migrate`"
            " with this version"
        )
    return ConfigError([f"DATABASE_URL: {words}"])


def is_current(conn: Connection) -> bool:
    return version(conn) == HEAD


def make(conn: Connection) -> None:
    """All tables at once, in an empty file of SQLite: what all revisions make one after the other.

    Without Alembic, which the first start would keep in memory as long as it runs.
    """
    metadata.create_all(conn)
    conn.execute(CreateTable(_VERSION))
    conn.execute(insert(_VERSION).values(version_num=HEAD))
    log.info("tables made", extra={"revision": HEAD})


#: As Alembic makes it.
_VERSION: Final = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def upgrade(conn: Connection, to: str = "head") -> None:
    """Runs what is missing inside the caller's transaction."""
    # Alembic is read only when there is something to do: most starts have nothing.
    from alembic import command
    from alembic.util import CommandError

    try:
        command.upgrade(_config(conn), to)
    except CommandError as error:
        raise unfit(version(conn)) from error


def downgrade(conn: Connection, to: str) -> None:
    """Back to the tables of an older version, inside the caller's transaction; what only newer
    versions know is lost."""
    from alembic import command
    from alembic.util import CommandError

    # Asking begins the transaction; one that Alembic began it would also end.
    found = version(conn)
    try:
        command.downgrade(_config(conn), to)
    except CommandError as error:
        raise ConfigError([f"--to {to}: no such version below {found} ({error})"]) from error


def _config(conn: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "bot.store:migrations")
    config.attributes["connection"] = conn
    return config


def log_step(
    ctx: MigrationContext,  # noqa: ARG001 - Alembic names what it passes
    step: MigrationInfo,
    heads: Collection[Any],  # noqa: ARG001
    run_args: Mapping[str, Any],  # noqa: ARG001
) -> None:
    """Tells of each revision that was run: a large table takes its time to be changed."""
    did = "made" if step.is_upgrade else "taken back"
    log.info("tables %s", did, extra={"revision": step.up_revision_id})

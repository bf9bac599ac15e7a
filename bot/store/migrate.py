"""The schema's version: telling it and raising it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from bot.errors import ConfigError
from bot.store.migrations import HEAD

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection


def version(conn: Connection) -> str | None:
    """The revision of the tables; None when there are none."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    found = conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def is_current(conn: Connection) -> bool:
    return version(conn) == HEAD


def upgrade(conn: Connection, to: str = "head") -> None:
    """Runs what is missing inside the caller's transaction."""
    # Alembic is read only when there is something to do: most starts have nothing.
    from alembic import command
    from alembic.util import CommandError

    try:
        command.upgrade(_config(conn), to)
    except CommandError as error:
        text_ = (
            f"DATABASE_URL: the tables have version {version(conn)}, which this version of the bot"
            f" does not know; use a newer one ({error})"
        )
        raise ConfigError([text_]) from error


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

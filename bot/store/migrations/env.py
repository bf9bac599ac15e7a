"""Alembic's entry: runs revisions on the connection that the caller hands over."""

from __future__ import annotations

from alembic import context

from bot.store.migrate import log_step
from bot.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    # SQLite changes a table by copying it.
    render_as_batch=connection.dialect.name == "sqlite",
    on_version_apply=log_step,
)
context.run_migrations()

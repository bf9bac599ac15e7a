"""The table of deploy keys."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text

from bot.store.columns import Free, Key, Moment
from bot.store.schema import metadata

deploy_keys: Final = Table(
    "deploy_keys",
    metadata,
    Column("id", Key, primary_key=True),
    Column("instance", Text, nullable=False),
    Column("project_id", Text, nullable=False),
    Column("project", Free, nullable=False),
    # The path without case, to be found by what a person types.
    Column("folded", Key, nullable=False),
    Column("remote_id", Text, nullable=False),
    Column("title", Free, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("writes", Boolean, nullable=False),
    Column("created_by", Free, nullable=False),
    Column("created_at", Moment),
    Column("expires_at", Moment),
    Column("retire_at", Moment),
    Column("reminded", Integer),
    Column("status", Text, nullable=False),
    Index("deploy_keys_folded", "folded"),
)

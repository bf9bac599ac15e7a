"""The first tables."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final = None

SERIAL: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_TABLES: Final = (
    "channels",
    "decisions",
    "deliveries",
    "holds",
    "hooks",
    "jobs",
    "lanes",
    "memory",
    "meta",
    "outbox",
    "preview_clock",
    "preview_messages",
    "rulesets",
    "threads",
)


def upgrade() -> None:
    _channels()
    _decisions()
    _deliveries()
    _holds()
    _hooks()
    _jobs()
    _lanes()
    _memory()
    _meta()
    _outbox()
    _preview_clock()
    _preview_messages()
    _rulesets()
    _threads()


def _channels() -> None:
    op.create_table(
        "channels",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("channels_pk")),
    )


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("delivery", sa.Text(), nullable=False),
        sa.Column("ruleset", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("delivery", name=op.f("decisions_pk")),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("seq", SERIAL, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("forge", sa.Text(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("hook", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("replay_of", sa.Text()),
        sa.PrimaryKeyConstraint("seq", name=op.f("deliveries_pk")),
        sa.UniqueConstraint("hook", "key", name="deliveries_hook_key"),
        sa.UniqueConstraint("id", name="deliveries_id"),
    )
    op.create_index(
        "deliveries_project",
        "deliveries",
        ["project", "seq"],
        sqlite_where=sa.text("project <> ''"),
        postgresql_where=sa.text("project <> ''"),
    )
    op.create_index(
        "deliveries_waiting",
        "deliveries",
        ["lane", "seq"],
        sqlite_where=sa.text("status = 'new'"),
        postgresql_where=sa.text("status = 'new'"),
    )


def _holds() -> None:
    op.create_table(
        "holds",
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", name=op.f("holds_pk")),
    )


def _hooks() -> None:
    op.create_table(
        "hooks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("forge", sa.Text(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("secrets", sa.Text(), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger()),
        sa.Column("proved_at", sa.BigInteger()),
        sa.Column("last_seen_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=op.f("hooks_pk")),
    )
    op.create_index("hooks_folded", "hooks", ["folded"])


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("seq", SERIAL, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("args", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("reply_to", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text()),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("token", sa.Text()),
        sa.Column("created_at", sa.BigInteger()),
        sa.Column("finished_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("seq", name=op.f("jobs_pk")),
        sa.UniqueConstraint("id", name="jobs_id"),
    )
    op.create_index(
        "jobs_waiting",
        "jobs",
        ["seq"],
        sqlite_where=sa.text("state IN ('todo', 'running')"),
        postgresql_where=sa.text("state IN ('todo', 'running')"),
    )


def _lanes() -> None:
    op.create_table(
        "lanes",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("pending", sa.BigInteger(), nullable=False),
        sa.Column("ready_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("token", sa.Text()),
        sa.PrimaryKeyConstraint("key", name=op.f("lanes_pk")),
    )
    op.create_index(
        "lanes_ready",
        "lanes",
        ["kind", "ready_at"],
        sqlite_where=sa.text("pending > 0"),
        postgresql_where=sa.text("pending > 0"),
    )


def _memory() -> None:
    op.create_table(
        "memory",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("memory_pk")),
    )


def _meta() -> None:
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("meta_pk")),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("seq", SERIAL, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("delivery", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text()),
        sa.Column("root", sa.Text()),
        sa.Column("merged_into", sa.Text()),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("maybe_sent", sa.Boolean(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("code", sa.Text()),
        sa.Column("place_channel", sa.Text()),
        sa.Column("place_ts", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("tried_since", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("outbox_pk")),
        sa.UniqueConstraint("id", name="outbox_id"),
    )
    op.create_index(
        "outbox_dead",
        "outbox",
        ["seq"],
        sqlite_where=sa.text("state = 'dead'"),
        postgresql_where=sa.text("state = 'dead'"),
    )
    op.create_index("outbox_delivery", "outbox", ["delivery"])
    op.create_index(
        "outbox_waiting",
        "outbox",
        ["lane", "seq"],
        sqlite_where=sa.text("state IN ('todo', 'sending')"),
        postgresql_where=sa.text("state IN ('todo', 'sending')"),
    )


def _preview_clock() -> None:
    op.create_table(
        "preview_clock",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("preview_clock_pk")),
    )


def _preview_messages() -> None:
    op.create_table(
        "preview_messages",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("ts", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("thread", sa.Text()),
        sa.Column("broadcast", sa.Boolean(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("rendered", sa.Text(), nullable=False),
        sa.Column("reactions", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("posted_at", sa.BigInteger(), nullable=False),
        sa.Column("edited_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("channel", "ts", name=op.f("preview_messages_pk")),
    )
    op.create_index("preview_messages_key", "preview_messages", ["channel", "key"])
    op.create_index("preview_messages_seq", "preview_messages", ["seq"])


def _rulesets() -> None:
    op.create_table(
        "rulesets",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("loaded_at", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("rulesets_pk")),
    )


def _threads() -> None:
    op.create_table(
        "threads",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("card", sa.Boolean(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("ts", sa.Text()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("dead", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "subject", "card", name=op.f("threads_pk")),
    )
    op.create_index("threads_root", "threads", ["root"])
    op.create_index("threads_subject", "threads", ["subject"])


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)

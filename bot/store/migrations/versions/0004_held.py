"""What waits for its time, what runs by the clock, and what is open."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0004"
down_revision: Final = "0003"

SERIAL: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "held",
        sa.Column("seq", SERIAL, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("delivery", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("latest", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("released_in", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("held_pk")),
    )
    op.create_index("held_delivery", "held", ["delivery"])
    op.create_index(
        "held_waiting",
        "held",
        ["key", "seq"],
        sqlite_where=sa.text("released_in IS NULL"),
        postgresql_where=sa.text("released_in IS NULL"),
    )
    op.create_table(
        "schedules",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("latest", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("token", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("schedules_pk")),
    )
    op.create_index("schedules_due", "schedules", ["due"])
    op.create_table(
        "open_subjects",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("active_at", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("subject", name=op.f("open_subjects_pk")),
    )
    op.create_index("open_subjects_listed", "open_subjects", ["kind", "project", "subject"])


def downgrade() -> None:
    for table in ("open_subjects", "schedules", "held"):
        op.drop_table(table)

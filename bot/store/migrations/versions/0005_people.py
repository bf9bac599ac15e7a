"""Who is who, who wants no direct messages, whom nobody knows; commands in the audit."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0005"
down_revision: Final = "0004"


def upgrade() -> None:
    op.add_column("audit", sa.Column("words", sa.Text()))
    op.create_table(
        "people",
        sa.Column("slack", sa.Text(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("proved", sa.Text(), nullable=False),
        sa.Column("linked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("slack", "instance", name=op.f("people_pk")),
        sa.UniqueConstraint("instance", "folded", name="people_account"),
    )
    op.create_table(
        "quiet_people",
        sa.Column("slack", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("slack", name=op.f("quiet_people_pk")),
    )
    op.create_table(
        "unknown_people",
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("instance", "folded", name=op.f("unknown_people_pk")),
    )


def downgrade() -> None:
    for table in ("unknown_people", "quiet_people", "people"):
        op.drop_table(table)
    op.drop_column("audit", "words")

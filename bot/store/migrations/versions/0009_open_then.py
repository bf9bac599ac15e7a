"""What was open at a moment of the past is known: what is closed stays for a while."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from bot.store.columns import Moment

revision: Final = "0009"
down_revision: Final = "0008"

_TABLE: Final = "open_subjects"
_LISTED: Final = "open_subjects_listed"
_OPEN: Final = sa.text("closed_at IS NULL")


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column("opened_at", Moment(), nullable=True))
    op.add_column(_TABLE, sa.Column("closed_at", Moment(), nullable=True))
    op.drop_index(_LISTED, _TABLE)
    op.create_index(
        _LISTED,
        _TABLE,
        ["kind", "project", "subject"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def downgrade() -> None:
    op.drop_index(_LISTED, _TABLE)
    op.execute(sa.text("DELETE FROM open_subjects WHERE closed_at IS NOT NULL"))
    op.drop_column(_TABLE, "closed_at")
    op.drop_column(_TABLE, "opened_at")
    op.create_index(_LISTED, _TABLE, ["kind", "project", "subject"])

"""What failed, and decisions without a delivery, are found without looking through the others."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0008"
down_revision: Final = "0007"

_FAILED: Final = sa.text("status = 'failed'")
_OWN: Final = sa.text("substr(delivery, 1, 5) = 'held-' OR substr(delivery, 1, 6) = 'every-'")


def upgrade() -> None:
    op.create_index(
        "deliveries_failed",
        "deliveries",
        ["seq"],
        sqlite_where=_FAILED,
        postgresql_where=_FAILED,
    )
    op.create_index(
        "decisions_own",
        "decisions",
        ["decided_at"],
        sqlite_where=_OWN,
        postgresql_where=_OWN,
    )


def downgrade() -> None:
    op.drop_index("decisions_own", "decisions")
    op.drop_index("deliveries_failed", "deliveries")

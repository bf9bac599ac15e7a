"""What was done to a message is found by its place: why is it here?"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"


def upgrade() -> None:
    op.create_index(
        "outbox_place",
        "outbox",
        ["place_ts"],
        sqlite_where=sa.text("place_ts IS NOT NULL"),
        postgresql_where=sa.text("place_ts IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("outbox_place", "outbox")

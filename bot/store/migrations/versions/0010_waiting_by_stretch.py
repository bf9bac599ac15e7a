"""On SQLite, what waits is found by its stretch first: the index grows at its end."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0010"
down_revision: Final = "0009"

_TABLE: Final = "deliveries"
_WAITING: Final = "deliveries_waiting"
_NEW: Final = sa.text("status = 'new'")


def upgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.drop_index(_WAITING, _TABLE)
        op.create_index(_WAITING, _TABLE, [sa.text("seq >> 10"), "lane", "seq"], sqlite_where=_NEW)


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.drop_index(_WAITING, _TABLE)
        op.create_index(_WAITING, _TABLE, ["lane", "seq"], sqlite_where=_NEW)

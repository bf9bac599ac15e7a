"""Alembic's revisions of the schema."""

from __future__ import annotations

from typing import Final

#: The newest revision: what the tables of this version of the program look like.
HEAD: Final = "0010"

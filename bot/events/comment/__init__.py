"""Comments on anything."""

from __future__ import annotations

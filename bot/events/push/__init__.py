"""Pushes to branches."""

from __future__ import annotations

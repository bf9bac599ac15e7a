"""Releases."""

from __future__ import annotations

"""Merge requests and reviews, and their live card."""

from __future__ import annotations

"""The command line. What runs long does without most of it, so nothing is read here."""

from __future__ import annotations

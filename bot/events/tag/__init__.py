"""Tags, and the card they share with their release."""

from __future__ import annotations
